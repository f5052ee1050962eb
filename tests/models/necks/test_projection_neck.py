import pytest
import torch

from vsslcodebase.models import ProjectionNeck


def build(**options):
    torch.manual_seed(0)
    options = dict(
        dict(in_channels=4, hidden_channels=6, out_channels=3), **options
    )
    return ProjectionNeck(**options)


def test_layers_are_those_of_corp():
    with torch.device('meta'):
        neck = ProjectionNeck()
    # 3 x [2048 x 2048 + scale and shift], then 2048 x 128 and its bias
    expected = 3 * (2048 * 2048 + 2 * 2048) + 2048 * 128 + 128
    assert sum(p.numel() for p in neck.parameters()) == expected
    kinds = [type(layer).__name__ for layer in neck.projection]
    assert kinds == ['Linear', 'SyncBatchNorm', 'ReLU'] * 3 + ['Linear']
    biases = [neck.projection[k].bias is not None for k in (0, 3, 6, 9)]
    assert biases == [False, False, False, True]


def test_value_equals_pool_linear_norm_relu_linear():
    neck = build(num_hidden=1, norm_cfg=dict(type='BN1d')).eval()
    feats = torch.randn(5, 4, 2, 3, 3)
    first, norm, _, last = neck.projection
    norm.running_mean.uniform_()
    norm.running_var.uniform_(1, 2)
    hidden = feats.mean((2, 3, 4)) @ first.weight.T
    hidden = (hidden - norm.running_mean) / (norm.running_var + 1e-5).sqrt()
    expected = hidden.relu() @ last.weight.T + last.bias
    embeddings, losses = neck(feats, data_samples=None)
    torch.testing.assert_close(embeddings, expected)
    assert losses == {}


def test_pool_size_keeps_where_things_are():
    feats = torch.zeros(2, 4, 2, 4, 4)
    feats[0, 0, :, :2, :2] = 1.0  # upper left
    feats[1, 0, :, 2:, 2:] = 1.0  # lower right
    blind = build(num_hidden=0)
    seeing = build(num_hidden=0, pool_size=2)
    assert seeing.projection[0].in_features == 16
    assert torch.equal(*blind(feats)[0])
    assert not torch.allclose(*seeing(feats)[0])


def test_last_bn_fixes_the_scale_and_adds_no_parameter():
    neck = build(last_bn=True, num_hidden=1)
    plain = build(num_hidden=1)
    names = {name for name, _ in neck.named_parameters()}
    # the bias would be subtracted again
    assert names == {n for n, _ in plain.named_parameters()} - {
        'projection.3.bias'
    }
    for scale in (1.0, 100.0):
        embeddings, _ = neck(scale * torch.randn(200, 4, 1, 2, 2))
        torch.testing.assert_close(
            embeddings.mean(0), torch.zeros(3), rtol=0, atol=1e-5
        )
        torch.testing.assert_close(
            embeddings.std(0, unbiased=False), torch.ones(3), rtol=0, atol=0.01
        )


@pytest.mark.parametrize('last_bn', [False, True])
def test_every_parameter_gets_a_gradient(last_bn):
    neck = build(last_bn=last_bn)
    target = torch.randn(8, 3)
    embeddings, _ = neck(torch.randn(8, 4, 1, 2, 2))
    (embeddings * target).sum().backward()
    for name, parameter in neck.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


def test_clips_are_independent_in_eval():
    neck = build().eval()
    feats = torch.randn(4, 4, 1, 2, 2)
    torch.testing.assert_close(neck(feats)[0][2:], neck(feats[2:])[0])


def test_wrong_width_names_the_argument():
    with pytest.raises(ValueError, match=r'set in_channels to the backbone'):
        build()(torch.randn(2, 5, 1, 2, 2))


def test_without_norm_hidden_layers_have_biases():
    """The projector of MoCo on video."""
    neck = build(norm_cfg=None, num_hidden=2).eval()
    kinds = [type(layer).__name__ for layer in neck.projection]
    assert kinds == ['Linear', 'ReLU'] * 2 + ['Linear']
    x = feats = torch.randn(5, 4, 1, 1, 1)
    x = x.flatten(1)
    for k in (0, 2, 4):
        layer = neck.projection[k]
        x = (x.relu() if k else x) @ layer.weight.T + layer.bias
    torch.testing.assert_close(neck(feats)[0], x)
    with pytest.raises(ValueError, match='last_bn=True needs a norm_cfg'):
        build(norm_cfg=None, last_bn=True)

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from oracles.corp import corp_f, decoupled_relation, perceptron

from vsslcodebase.models import ContrastiveHead, CORPFHead

STARTS = [[0, 4], [3, 9], [1, 2]]


def make_samples(starts=STARTS):
    samples = [ActionDataSample() for _ in starts]
    for sample, row in zip(samples, starts):
        sample.set_field(torch.as_tensor(row), 'clip_start')
    return samples


def make_head(**options):
    torch.manual_seed(0)
    relation = dict(
        type='DecouplingAttention', num_symmetric=3, num_antisymmetric=2
    )
    options = dict(relation=relation, hidden_channels=4, **options)
    return CORPFHead(in_channels=5, **options).double()


def embeddings(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(6, 5, generator=generator, dtype=torch.float64)


def oracle_order_logits(head, z):
    """Eq. 4 for each clip against its partner, one pair at a time."""
    weights = {k: v.numpy() for k, v in head.state_dict().items()}
    names = ('symmetric', 'left', 'right')
    factors = [weights[f'relation.{name}'] for name in names]
    layers = [
        (weights[f'mlp.{k}.weight'], weights[f'mlp.{k}.bias']) for k in (0, 2)
    ]
    z = z.detach().numpy()
    partners = [1, 0, 3, 2, 5, 4]
    return np.array(
        [
            perceptron(decoupled_relation(z[a], z[b], *factors), layers)
            for a, b in enumerate(partners)
        ]
    )


@pytest.mark.parametrize('temperature', [0.1, 0.5])
def test_losses_and_metrics_equal_loops_over_the_paper(temperature):
    head, z = make_head(temperature=temperature), embeddings()
    out = head.loss(z, make_samples())
    logits = oracle_order_logits(head, z)
    contrast, order = corp_f(z.numpy(), logits, temperature)
    assert out['loss_contrast'].item() == pytest.approx(contrast, rel=1e-5)
    assert out['loss_order'].item() == pytest.approx(order, rel=1e-5)
    right = logits.argmax(1) == np.array([0, 1] * 3)
    assert out['order_acc'].item() == pytest.approx(right.mean())
    assert {name for name in out if 'loss' in name} == {
        'loss_contrast',
        'loss_order',
    }


def test_swapped_videos_do_not_change_the_losses():
    head, z = make_head(), embeddings()
    swapped = z.unflatten(0, (3, 2))[[2, 0, 1]].flatten(0, 1)
    samples = make_samples()
    before = head.loss(z, samples)
    after = head.loss(swapped, [samples[k] for k in (2, 0, 1)])
    for name in ('loss_contrast', 'loss_order'):
        assert after[name].item() == pytest.approx(before[name].item())


def test_contrast_accuracy_counts_nearest_partners():
    # rows 0 and 1 point alike; 2 and 3 are nearest to each other, 4 and 5
    # are opposite and thus nearest to others
    z = torch.tensor(
        [[1, 0], [0.9, 0.1], [0, 1], [0.1, 2], [1, 1.1], [-1, -1.0]]
    )
    samples = make_samples()
    assert ContrastiveHead().loss(z, samples)['contrast_acc'] == 4 / 6


def test_every_parameter_and_embedding_gets_a_gradient():
    head, z = make_head(), embeddings().requires_grad_()
    out = head.loss(z, make_samples())
    (out['loss_contrast'] + out['loss_order']).backward()
    assert (z.grad.abs().sum(1) > 0).all()
    for name, parameter in head.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


def test_clips_that_start_together_teach_no_order():
    head, z = make_head(), embeddings().requires_grad_()
    out = head.loss(z, make_samples([[0, 4], [3, 3], [1, 2]]))
    out['loss_order'].backward()
    rows_taught = z.grad.abs().sum(1) > 0
    assert rows_taught.tolist() == [True, True, False, False, True, True]


def test_prediction_has_the_order_logits_of_each_video():
    head, z = make_head(), embeddings()
    samples = head.predict(z, make_samples())
    found = torch.cat([sample.order_logits for sample in samples])
    np.testing.assert_allclose(
        found.detach().numpy(), oracle_order_logits(head, z), rtol=1e-6
    )
    assert torch.equal(samples[2].embedding, z[4:])


def test_normalized_relation_ignores_the_length_of_embeddings():
    head, z = make_head(normalize=True), embeddings()
    torch.testing.assert_close(head(z), head(3 * z))


def test_order_is_computed_in_float32_under_autocast():
    head = make_head().float()
    z = embeddings().float()
    with torch.autocast('cpu', torch.bfloat16):
        logits = head(z)
    assert torch.equal(logits, head(z))


@pytest.mark.parametrize('head', [CORPFHead(5), ContrastiveHead()])
def test_other_numbers_of_clips_are_refused(head):
    with pytest.raises(ValueError, match='needs 2 clips per video, got 3'):
        head.loss(embeddings(), make_samples([[0, 1, 2], [0, 1, 2]]))


def test_unsorted_clips_are_refused_naming_the_option():
    with pytest.raises(ValueError, match='sort_by_time=True'):
        make_head().loss(embeddings(), make_samples([[0, 4], [9, 3], [1, 2]]))


def test_batch_without_clip_start_is_refused():
    with pytest.raises(ValueError, match='needs clip_start'):
        make_head().loss(embeddings(), [ActionDataSample()] * 3)

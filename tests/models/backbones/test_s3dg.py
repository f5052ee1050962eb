import pytest
import torch
import torch.nn.functional as F
from conv_oracles import conv_norm, randomise, space_then_time

from vsslcodebase.models.backbones import S3DG
from vsslcodebase.models.backbones.s3dg import SelfGating, SeparableInception


def gated(x, gate):
    """Equation of the gate, a channel at a time."""
    means = x.mean((2, 3, 4))
    rows = zip(gate.linear.weight, gate.linear.bias)
    channels = [
        x[:, c] * (means @ row + bias).sigmoid()[:, None, None, None]
        for c, (row, bias) in enumerate(rows)
    ]
    return torch.stack(channels, 1)


def test_gate_by_hand():
    gate = SelfGating(2)
    gate.linear.weight.data = torch.tensor([[1.0, 0.0], [2.0, -1.0]])
    gate.linear.bias.data = torch.tensor([0.0, 0.5])
    x = torch.tensor([[[0.0, 4.0]], [[1.0, 3.0]]])[None, :, :, None]
    # means 2 and 2: sigmoid(2), sigmoid(2 * 2 - 2 + 0.5)
    expected = [[0.0, 4 * 0.8807971], [0.9241418, 3 * 0.9241418]]
    torch.testing.assert_close(gate(x)[0, :, 0, 0], torch.tensor(expected))


def test_inception_with_gates_is_that_of_functions():
    block = randomise(
        SeparableInception(5, (4, 3, 6, 2, 5, 7), dict(type='BN3d'))
    )
    x = torch.randn(2, 5, 3, 4, 5)
    outputs = []
    direct, deep1, deep2, pooled = block.branches
    outputs.append(gated(conv_norm(x, direct[0]).relu(), direct[1]))
    for branch in (deep1, deep2):
        y = conv_norm(x, branch[0]).relu()
        y = space_then_time(y, branch[1]).relu()
        outputs.append(gated(y, branch[2]))
    y = conv_norm(F.max_pool3d(x, 3, 1, 1), pooled[1]).relu()
    outputs.append(gated(y, pooled[2]))
    expected = torch.cat(outputs, 1)
    assert expected.shape == (2, 4 + 6 + 5 + 7, 3, 4, 5)
    torch.testing.assert_close(block(x), expected)


def test_first_stages_are_those_of_functions():
    network = randomise(S3DG(base_channels=4))
    x = torch.randn(2, 3, 4, 16, 16)
    y = conv_norm(x, network.conv1, (2, 2, 2), (1, 3, 3)).relu()
    y = F.max_pool3d(F.pad(y, (0, 1, 0, 1)), (1, 3, 3), (1, 2, 2))
    y = conv_norm(y, network.conv2.conv_2b).relu()
    y = space_then_time(y, network.conv2.conv_2c).relu()
    expected = gated(y, network.conv2.gate)
    assert expected.shape == (2, 12, 2, 4, 4)
    found = network.conv2(network.conv1(x))
    torch.testing.assert_close(found, expected)


def test_pools_of_the_paper():
    network = S3DG(base_channels=1)
    stages = [network.get_submodule(f'conv{i}') for i in range(2, 6)]
    pools = [(stage.pool.kernel_size, stage.pool.stride) for stage in stages]
    assert pools == [
        ((1, 3, 3), (1, 2, 2)),
        ((1, 3, 3), (1, 2, 2)),
        ((3, 3, 3), (2, 2, 2)),
        ((2, 2, 2), (2, 2, 2)),
    ]
    inner = network.conv5.mixed_5c.branches[3][0]
    assert (inner.kernel_size, inner.stride) == ((3, 3, 3), (1, 1, 1))


def test_separable_parts_have_the_width_that_comes_out():
    with torch.device('meta'):
        network = S3DG()
    branch = network.conv4.mixed_4e.branches[1]
    assert branch[0].conv.out_channels == 144
    assert branch[1].spatial.conv.weight.shape == (288, 144, 1, 3, 3)
    assert branch[1].temporal.conv.weight.shape == (288, 288, 3, 1, 1)


def test_gates_off_is_the_network_with_gates_wide_open():
    options = dict(base_channels=4, norm_cfg=dict(type='BN3d'))
    gated, plain = (S3DG(gates=on, **options) for on in (True, False))
    randomise(gated)
    state = gated.state_dict()
    gates = {key for key in state if '.linear.' in key}
    for key in gates:
        state[key].zero_()
        if key.endswith('bias'):
            state[key] += 100  # a sigmoid of 1
    plain.load_state_dict({k: v for k, v in state.items() if k not in gates})
    x = torch.randn(1, 3, 8, 32, 32)
    torch.testing.assert_close(plain.eval()(x), gated.eval()(x))
    assert len(gates) == 2 * (1 + 9 * 4)  # conv2, four in each mixed layer


def test_separable_stem_is_that_of_functions():
    network = randomise(S3DG(base_channels=4, separable_stem=True))
    x = torch.randn(2, 3, 4, 9, 9)
    stem = network.conv1
    y = conv_norm(x, stem.spatial, (1, 2, 2), (0, 3, 3)).relu()
    y = conv_norm(y, stem.temporal, (2, 1, 1), (3, 0, 0)).relu()
    assert y.shape == (2, 4, 2, 5, 5)
    assert stem.temporal.conv.weight.shape == (4, 4, 7, 1, 1)
    torch.testing.assert_close(network.conv1(x), y)


def test_pools_that_pad_both_ends_alike():
    network = S3DG(base_channels=1, same_pools=False)
    x = torch.tensor([1.0, 2.0, 5.0, 3.0]).expand(1, 1, 1, 4, 4)
    # windows of 3 from -1 and from 1; with 'SAME' from 0 and from 2
    assert network.conv2.pool(x)[0, 0, 0, 0].tolist() == [2, 5]
    assert S3DG(base_channels=1).conv2.pool(x)[0, 0, 0, 0].tolist() == [5, 5]
    last = network.conv5.pool
    assert last(torch.zeros(1, 1, 3, 5, 5)).shape == (1, 1, 1, 2, 2)
    inner = network.conv5.mixed_5c.branches[3][0]
    assert inner(torch.zeros(1, 1, 2, 3, 3)).shape == (1, 1, 2, 3, 3)


def test_least_clip_without_same_pools():
    network = randomise(S3DG(base_channels=4, same_pools=False))
    assert network(torch.randn(1, 3, 5, 17, 17)).shape == (1, 64, 1, 1, 1)
    for size in ((4, 17, 17), (5, 16, 17), (5, 17, 16)):
        with pytest.raises(ValueError, match='at least 5 frames of 17 x 17'):
            network(torch.randn(1, 3, *size))


def test_width_scales_all_layers_and_no_branch_is_lost():
    # 384, 384, 128 and 128 in 64 parts: 6 + 6 + 2 + 2
    for base, feat_dim in [(64, 1024), (32, 512), (1, 16)]:
        with torch.device('meta'):
            network = S3DG(base_channels=base)
        assert network.feat_dim == feat_dim
        assert min(p.numel() for p in network.parameters()) > 0


def test_a_single_pixel_is_input_enough():
    network = randomise(S3DG(base_channels=4))
    assert network(torch.randn(1, 3, 1, 1, 1)).shape == (1, 64, 1, 1, 1)
    assert network(torch.randn(1, 3, 9, 33, 31)).shape == (1, 64, 2, 2, 1)

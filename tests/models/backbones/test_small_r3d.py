import math

import pytest
import torch

from vsslcodebase.models import SmallR3D


def test_default_network_has_four_layers_and_halves_as_documented():
    network = SmallR3D()
    # 27 weights a pair of channels, and scale and shift a channel
    pairs = 3 * 16 + 16 * 32 + 32 * 64 + 64 * 128
    expected = 27 * pairs + 2 * (16 + 32 + 64 + 128)
    assert sum(p.numel() for p in network.parameters()) == expected
    assert network(torch.randn(2, 3, 8, 32, 32)).shape == (2, 128, 1, 2, 2)
    assert network.feat_dim == 128


def test_strides_are_options():
    network = SmallR3D(
        widths=(4, 8), spatial_strides=(1, 2), temporal_strides=(2, 1)
    )
    assert network(torch.randn(1, 3, 4, 8, 8)).shape == (1, 8, 2, 4, 4)


def test_residual_blocks_start_from_the_identity():
    torch.manual_seed(0)
    plain = SmallR3D(widths=(4,)).eval()
    blocks = SmallR3D(widths=(4,), num_blocks=(2,)).eval()
    blocks.load_state_dict(plain.state_dict(), strict=False)
    for module in blocks.stages[0][1:]:
        torch.nn.init.zeros_(module.conv2.bn.weight)
    x = torch.randn(2, 3, 2, 8, 8)
    torch.testing.assert_close(blocks(x), plain(x))


def test_convolutions_start_kaiming_normal_by_fan_out():
    torch.manual_seed(0)
    network = SmallR3D(widths=(64, 64))
    network.init_weights()
    weight = network.stages[1][0].conv.weight
    # 110592 draws: the deviation is known to 0.2 %
    expected = math.sqrt(2 / (64 * 27))
    assert weight.std().item() == pytest.approx(expected, rel=0.01)


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    network = SmallR3D(widths=(4, 6), num_blocks=(1, 0))
    network(torch.randn(2, 3, 2, 8, 8)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


def test_memory_format_changes_layout_but_not_values():
    torch.manual_seed(0)
    plain = SmallR3D(widths=(4, 6)).eval()
    last = SmallR3D(widths=(4, 6), memory_format='channels_last_3d').eval()
    last.load_state_dict(plain.state_dict())
    x = torch.randn(1, 3, 4, 8, 8)
    weight = last.stages[1][0].conv.weight
    assert weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert not weight.is_contiguous()
    torch.testing.assert_close(last(x), plain(x), rtol=1e-4, atol=1e-5)


def test_uneven_stage_arguments_are_refused():
    with pytest.raises(ValueError, match='one value per stage'):
        SmallR3D(widths=(4, 8), num_blocks=(1,))

import pytest
import torch
from conv_oracles import randomise, space_then_time

from vsslcodebase.models.backbones.conv_units import (
    equal_mid_channels,
    factorised_conv,
    whole_conv,
)

BN = dict(type='BN3d')


@pytest.mark.parametrize(
    ('in_channels', 'out_channels', 'kernel', 'expected'),
    [
        (3, 64, (3, 7, 7), 83),
        (64, 64, (3, 3, 3), 144),
        (64, 128, (3, 3, 3), 230),
        (128, 128, (3, 3, 3), 288),
        (256, 512, (3, 3, 3), 921),
        (512, 512, (3, 3, 3), 1152),
        (64, 128, (1, 1, 1), 42),
        (256, 512, (1, 1, 1), 170),
        (1, 1, (1, 1, 1), 1),  # 1/2, which no convolution can have
    ],
)
def test_mid_channels_of_the_paper(
    in_channels, out_channels, kernel, expected
):
    assert equal_mid_channels(in_channels, out_channels, kernel) == expected


def test_factorised_has_the_weights_of_the_whole_or_just_fewer():
    whole = 27 * 64 * 128
    unit = factorised_conv(64, 128, norm_cfg=BN)
    convs = [unit.spatial.conv, unit.temporal.conv]
    weights = sum(conv.weight.numel() for conv in convs)
    per_channel = 9 * 64 + 3 * 128
    assert whole - per_channel < weights <= whole


@pytest.mark.parametrize('act', [True, False])
def test_space_comes_first_and_each_part_has_its_stride(act):
    unit = factorised_conv(
        3, 6, stride=(2, 2, 2), norm_cfg=BN, act=act, mid_channels=5
    )
    randomise(unit)
    x = torch.randn(2, 3, 5, 7, 8)
    expected = space_then_time(x, unit, stride=2)
    assert expected.shape == (2, 6, 3, 4, 4)
    assert (expected < 0).any()
    torch.testing.assert_close(unit(x), expected.relu() if act else expected)


def test_whole_convolution_ends_in_relu_if_asked():
    x = torch.randn(1, 2, 3, 4, 5)
    units = [whole_conv(2, 4, norm_cfg=BN, act=act) for act in (True, False)]
    units[1].load_state_dict(units[0].state_dict())
    with_relu, without = (unit.eval()(x) for unit in units)
    assert (without < 0).any()
    assert torch.equal(with_relu, without.relu())

"""HCML's R(2+1)D: shapes, kernels and strides of Table 5."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from vsslcodebase.models.backbones.stage_walk import stages_of
from vsslcodebase.registry import MODELS

BACKBONES = Path(__file__).parents[3] / 'configs' / '_base_' / 'backbones'
SHAPES = {
    'r2d50': (
        16,
        [
            (64, 16, 56),
            (256, 16, 56),
            (512, 8, 28),
            (1024, 4, 14),
            (2048, 4, 7),
        ],
    ),
    'r2plus1d101': (
        32,
        [
            (64, 32, 56),
            (256, 32, 56),
            (512, 16, 28),
            (1024, 8, 14),
            (2048, 8, 7),
        ],
    ),
}


def build(name):
    init_default_scope('vsslcodebase')
    with torch.device('meta'):
        return MODELS.build(Config.fromfile(BACKBONES / f'{name}.py').backbone)


@pytest.mark.parametrize('name', SHAPES)
def test_maps_have_the_sizes_of_table_5(name):
    frames, expected = SHAPES[name]
    x = torch.empty(1, 3, frames, 224, 224, device='meta')
    for stage, (channels, time, size) in zip(
        stages_of(build(name)), expected, strict=True
    ):
        x = stage(x)
        assert tuple(x.shape[1:]) == (channels, time, size, size)


def test_time_comes_before_space_in_late_stages_only():
    network = build('r2plus1d101')
    assert [len(layer) for layer in (network.layer3, network.layer4)] == [
        23,
        3,
    ]
    for layer in (network.layer1, network.layer2):
        for block in layer:
            assert block.conv2.conv.kernel_size == (1, 3, 3)
    first = network.layer3[0]
    time, space = first.conv2
    assert (time.conv.kernel_size, time.conv.stride) == ((3, 1, 1), (2, 1, 1))
    assert (space.conv.kernel_size, space.conv.stride) == (
        (1, 3, 3),
        (1, 2, 2),
    )
    assert first.downsample.conv.stride == (2, 2, 2)
    for unit in (first.conv1, time, space):
        assert isinstance(unit.activate, nn.ReLU)
    assert not first.conv3.with_activation


def test_frames_dropped_by_stride_alone_keep_order():
    """R2D's map of a frame depends on that frame alone."""
    torch.manual_seed(0)
    network = MODELS.build(
        dict(
            Config.fromfile(BACKBONES / 'r2d50.py').backbone,
            base_channels=4,
            norm_cfg=dict(type='BN3d'),
        )
    )
    network.eval()
    clip = torch.randn(1, 3, 8, 32, 32)
    other = clip.clone()
    other[:, :, [1, 2, 3, 5, 6, 7]] += 1
    with torch.no_grad():
        torch.testing.assert_close(network(clip), network(other))
        other[:, :, 4] += 1
        assert not torch.allclose(
            network(clip)[:, :, 1], network(other)[:, :, 1]
        )

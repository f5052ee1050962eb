"""Weights that fit a network which computes another thing."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from vsslcodebase.checkpoints.contract_check import match_inputs
from vsslcodebase.checkpoints.layer_check import (
    layer_differences,
    refuse_other_layers,
)
from vsslcodebase.compat import CheckpointError
from vsslcodebase.models.build import build_part

SMALL = dict(
    type='SmallR3D',
    widths=(4, 8),
    spatial_strides=(2, 2),
    temporal_strides=(1, 2),
    norm_cfg=dict(type='BN3d'),
)


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')


def test_the_same_network_has_no_differences():
    assert layer_differences(SMALL, SMALL) == []
    frozen = dict(SMALL, frozen=True, norm_cfg=dict(type='SyncBN'))
    assert layer_differences(frozen, SMALL) == []


def test_another_stride_fits_and_gives_another_map():
    other = dict(SMALL, temporal_strides=(1, 1))
    mine, theirs = build_part(SMALL), build_part(other)
    mine.load_state_dict(theirs.state_dict())  # without a word
    clip = torch.rand(1, 3, 4, 16, 16)
    assert mine(clip).shape != theirs(clip).shape
    (line,) = layer_differences(other, SMALL)
    assert line.startswith('stages.1')
    assert line.endswith('stride (1, 2, 2), not (2, 2, 2)')


def test_another_epsilon_is_seen():
    other = dict(SMALL, norm_cfg=dict(type='BN3d', eps=1e-3))
    lines = layer_differences(other, SMALL)
    assert len(lines) == 2
    assert all(line.endswith('eps 0.001, not 1e-05') for line in lines)


def test_layers_of_another_kind_are_seen():
    """As in CVRL's and CoCLR's networks, whose weights fit plain ones."""
    plain = dict(
        type='VideoResNet3d',
        depth=18,
        base_channels=8,
        with_pool2=False,
        norm_cfg=dict(type='BN3d'),
    )
    same = dict(plain, type='SamePaddedResNet3d')
    assert layer_differences(plain, same)[0] == (
        'conv1.conv: layer Conv3d, not SameConv3d'
    )
    leaky = dict(plain, act_cfg=dict(type='LeakyReLU'))
    assert 'layer LeakyReLU, not ReLU' in layer_differences(leaky, plain)[0]
    pools = [dict(type='S3DG', base_channels=8, same_pools=x) for x in (0, 1)]
    assert 'layer MaxPool3d, not SameMax' in layer_differences(*pools)[0]


def test_a_pool_that_only_one_of_both_uses_is_seen():
    plain = dict(
        type='VideoResNet3d',
        depth=18,
        base_channels=8,
        with_pool2=False,
        norm_cfg=dict(type='BN3d'),
    )
    (line,) = layer_differences(dict(plain, with_pool2=True), plain)
    assert line == (
        'map of 16 x 64 x 64: (1, 64, 8, 2, 2), not (1, 64, 16, 2, 2)'
    )


def test_other_widths_are_left_to_loading():
    assert layer_differences(dict(SMALL, widths=(4, 9)), SMALL) == []


def contract():
    return dict(
        channel_order='rgb',
        value_range=[0.0, 255.0],
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        num_frames=4,
        frame_interval=[1],
        height=16,
        width=16,
    )


def compare(backbone, **init):
    """Load a file that was made with SMALL into a config."""
    cfg = Config(
        dict(
            model=dict(
                type='Recognizer3D',
                backbone=dict(backbone, **init),
                data_preprocessor=dict(
                    type='ClipDataPreprocessor',
                    mean=contract()['mean'],
                    std=contract()['std'],
                ),
            )
        )
    )
    meta = dict(input_contract=contract(), backbone=SMALL)
    match_inputs(cfg, meta, 'weights.pth', 'test')


def test_a_config_with_other_layers_is_refused():
    compare(SMALL)
    pretrained = dict(type='Pretrained', checkpoint='weights.pth')
    compare(SMALL, init_cfg=pretrained)
    other = dict(SMALL, temporal_strides=(1, 1))
    with pytest.raises(CheckpointError, match=r'weights\.pth.*stages\.1'):
        compare(other)
    with pytest.raises(CheckpointError, match='other layers'):
        compare(other, init_cfg=pretrained)


def test_the_part_that_names_the_file_is_compared():
    """Of a network around another one, the inner may be what is loaded."""
    outer = dict(
        type='MotionResNet3d',
        backbone=dict(
            SMALL,
            init_cfg=dict(type='Pretrained', checkpoint='weights.pth'),
        ),
        levels=(0,),
    )
    compare(outer)
    outer['backbone']['temporal_strides'] = (1, 1)
    with pytest.raises(CheckpointError, match='other layers'):
        compare(outer)


def test_a_file_for_the_whole_model_is_compared_with_its_backbone():
    cfg = dict(
        backbone=dict(SMALL, temporal_strides=(1, 1)),
        init_cfg=dict(type='Pretrained', checkpoint='weights.pth'),
    )
    with pytest.raises(CheckpointError, match='other layers'):
        refuse_other_layers(cfg, dict(backbone=SMALL), 'weights.pth')

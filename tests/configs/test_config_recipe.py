"""The numbers of CORP section 4.1, and of CVRL where CORP follows it."""

from __future__ import annotations

import pytest
from config_files import (
    CONFIGS,
    CORP_EVALUATIONS,
    CORP_PRETRAININGS,
    load,
    name_of,
)
from torch import nn

from vsslcodebase.registry import MODELS

FULL_SIZE = [*CORP_PRETRAININGS, *CORP_EVALUATIONS]
CROP = dict(
    type='ClipRandomResizedCrop',
    size=224,
    area_range=(0.3, 1.0),
    aspect_range=(0.5, 2.0),
)
GREY = dict(type='ClipGrayscale', prob=0.2)


def operations(path, split: str) -> list[dict]:
    """What happens to the pixels, as plain dicts."""
    pipeline = load(path)[f'{split}_dataloader'].dataset.pipeline
    return [operation.to_dict() for operation in pipeline[3].transforms]


@pytest.mark.parametrize('path', CORP_PRETRAININGS, ids=name_of)
def test_pretraining_has_the_five_operations(path):
    assert operations(path, 'train') == [
        CROP,
        dict(type='ClipFlip', prob=0.5),
        dict(
            type='ClipColorJitter',
            prob=0.8,
            brightness=0.8,
            contrast=0.8,
            saturation=0.8,
            hue=0.2,
        ),
        GREY,
        dict(
            type='ClipGaussianBlur',
            prob=0.5,
            sigma_range=(0.1, 2.0),
            kernel_size=23,
        ),
    ]
    assert operations(path, 'val') == [
        dict(type='Resize', scale=(-1, 256)),
        dict(type='CenterCrop', crop_size=224),
    ]


@pytest.mark.parametrize('path', CORP_EVALUATIONS, ids=name_of)
def test_labels_see_crop_flip_and_grey_then_256_pixels(path):
    crop, flip, grey = operations(path, 'train')
    assert (crop, flip['prob'], grey) == (CROP, 0.5, GREY)
    short_side = dict(type='Resize', scale=(-1, 256))
    assert operations(path, 'val') == [
        short_side,
        dict(type='CenterCrop', crop_size=256),
    ]
    assert operations(path, 'test') == [
        short_side,
        dict(type='ThreeCrop', crop_size=256),
    ]


def test_classes_that_a_mirror_exchanges():
    """86/87 pulling, 93/94 pushing, 166/167 turning the camera."""
    path = CONFIGS / 'eval' / 'linear' / 'linear_r3d50_ssv2.py'
    (flip,) = [o for o in operations(path, 'train') if o['type'] == 'ClipFlip']
    pairs = [(86, 87), (93, 94), (166, 167)]
    expected = dict([*pairs, *((right, left) for left, right in pairs)])
    assert flip['flip_label_map'] == expected


@pytest.mark.parametrize('path', FULL_SIZE, ids=name_of)
def test_every_batch_of_training_is_full_and_all_videos_are_tested(path):
    cfg = load(path)
    assert cfg.train_dataloader.drop_last
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert not loader.get('drop_last', False)
        assert 'num_videos' not in loader.dataset


@pytest.mark.parametrize('path', FULL_SIZE, ids=name_of)
def test_norms_are_synchronised_and_colours_those_of_imagenet(path):
    cfg = load(path)
    assert cfg.model.backbone.norm_cfg.type == 'SyncBN'
    assert not cfg.model.backbone.zero_init_residual
    colours = cfg.model.data_preprocessor
    assert colours.mean == [123.675, 116.28, 103.53]
    assert colours.std == [58.395, 57.12, 57.375]
    if path in CORP_PRETRAININGS:
        assert cfg.model.neck.norm_cfg.type == 'SyncBN'
        neck = MODELS.build(cfg.model.neck)
        norms = [m for m in neck.modules() if isinstance(m, nn.SyncBatchNorm)]
        assert len(norms) == 3


@pytest.mark.parametrize('path', CORP_PRETRAININGS, ids=name_of)
def test_clips_and_temperature_of_each_method(path):
    cfg = load(path)
    head = cfg.model.head
    sampler = cfg.train_dataloader.dataset.pipeline[1]
    if head.type == 'CORPMHead':
        assert (sampler.type, sampler.num_clips) == ('SampleSeparatedClips', 4)
        assert not sampler.get('sort_by_time', False)
        return
    assert head.temperature == 0.1
    if head.type == 'CORPFHead':
        assert sampler.type == 'SampleSeparatedClips'
        assert sampler.sort_by_time
    else:
        assert sampler.type == 'SampleDecayingClips'


def test_few_labels_are_those_that_the_tool_writes():
    cfg = load(CONFIGS / 'eval' / 'semisup' / 'semisup_r3d50_k400.py')
    assert cfg.train_dataloader.dataset.ann_file == 'data/k400/train_1pct.txt'
    assert cfg.val_dataloader.dataset.ann_file == 'data/k400/val.txt'
    assert cfg.test_dataloader.dataset.ann_file == 'data/k400/val.txt'

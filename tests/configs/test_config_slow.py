"""The recipe of Feichtenhofer et al. (2021), which LTN's baselines follow."""

from __future__ import annotations

import math

import pytest
from config_files import (
    CONFIGS,
    SLOW_EVALUATIONS,
    SLOW_PRETRAININGS,
    clips_of,
    load,
    name_of,
    trunk_of,
)
from test_config_schedules import learning_rates

from vsslcodebase.engine import LARS
from vsslcodebase.registry import OPTIMIZERS

SLOW = SLOW_PRETRAININGS + SLOW_EVALUATIONS
STEPS_PER_EPOCH = 30  # of learning_rates


def operations(pipeline) -> list[dict]:
    return [operation.to_dict() for operation in pipeline[3].transforms]


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_clips_last_64_thirtieths_and_start_independently(path):
    cfg = load(path)
    for split in ('train', 'val'):
        sampler = cfg[f'{split}_dataloader'].dataset.pipeline[1]
        assert sampler.to_dict() == dict(
            type='SampleIndependentClips',
            clip_len=8,
            frame_interval=8,
            target_fps=30,
            num_clips=clips_of(path),
        )


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_augmentation_of_pretraining(path):
    cfg = load(path)
    assert operations(cfg.train_dataloader.dataset.pipeline) == [
        dict(
            type='ClipRandomResizedCrop',
            size=224,
            area_range=(0.2, 0.766),
            aspect_range=(0.75, 4 / 3),
        ),
        dict(type='ClipFlip', prob=0.5),
        dict(
            type='ClipColorJitter',
            prob=0.8,
            brightness=0.6,
            contrast=0.6,
            saturation=0.6,
            hue=0.15,
        ),
        dict(type='ClipGrayscale', prob=0.2),
        dict(
            type='ClipGaussianBlur',
            prob=0.5,
            sigma_range=(0.1, 2.0),
            kernel_size=23,
        ),
    ]
    assert operations(cfg.val_dataloader.dataset.pipeline) == [
        dict(type='Resize', scale=(-1, 256)),
        dict(type='CenterCrop', crop_size=224),
    ]


@pytest.mark.parametrize('path', SLOW, ids=name_of)
def test_pixels_are_standardised_alike_in_all_channels(path):
    colours = load(path).model.data_preprocessor
    assert colours.mean == pytest.approx([0.45 * 255] * 3)
    assert colours.std == pytest.approx([0.225 * 255] * 3)


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_optimizer_and_learning_rate(path):
    cfg = load(path)
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)
    videos = cfg.auto_scale_lr.base_batch_size
    for_64 = {'MoCo': 0.1, 'BYOL': 0.6 * clips_of(path) / 2}
    rate = for_64.get(trunk_of(path), 0.6)
    assert optimizer.lr == pytest.approx(rate * videos / 64)
    small = path.stem.endswith(('ucf101', 'smarthome'))
    assert videos == (64 if small else 512)
    if trunk_of(path) == 'MoCo':
        assert (optimizer.type, optimizer.weight_decay) == ('SGD', 1e-4)
        assert cfg.optim_wrapper.paramwise_cfg.norm_decay_mult == 0
    else:
        assert OPTIMIZERS.get(optimizer.type) is LARS
        assert optimizer.weight_decay == 1e-6


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_a_line_leads_to_the_cosine_of_the_whole_run(path):
    """35 of 200 epochs, from 0.001 for 64 videos."""
    cfg = load(path)
    base = cfg.optim_wrapper.optimizer.lr
    rates = learning_rates(cfg)
    start = 0.001 * cfg.auto_scale_lr.base_batch_size / 64
    if trunk_of(path) == 'BYOL' and clips_of(path) == 4:
        start *= 2  # a share of a learning rate that is twice as high
    assert rates[0] == pytest.approx(start)
    for epoch in (35, 100, 190):
        cosine = base * (1 + math.cos(math.pi * epoch / 200)) / 2
        assert rates[epoch * STEPS_PER_EPOCH] == pytest.approx(cosine)
    top = rates[35 * STEPS_PER_EPOCH]
    assert max(rates) == top
    middle = rates[35 * STEPS_PER_EPOCH // 2]
    assert middle == pytest.approx((start + top) / 2)


@pytest.mark.parametrize('path', SLOW_EVALUATIONS, ids=name_of)
def test_evaluation_takes_clips_of_8_frames_and_30_views(path):
    cfg = load(path)
    interval = 3 if path.stem.endswith('ssv2') else 8  # 12 frames a second
    views = []
    for split in ('train', 'val', 'test'):
        sampler = cfg[f'{split}_dataloader'].dataset.pipeline[1]
        assert (sampler.clip_len, sampler.frame_interval) == (8, interval)
        views.append(sampler.num_clips)
    assert views == [1, 1, 10]
    pipeline = cfg.test_dataloader.dataset.pipeline
    assert operations(pipeline) == [
        dict(type='Resize', scale=(-1, 256)),
        dict(type='ThreeCrop', crop_size=256),
    ]
    assert cfg.model.cls_head.average_clips == 'prob'
    metrics = [metric.type for metric in cfg.test_evaluator]
    assert metrics == ['AccMetric', 'PerClassAccMetric']


@pytest.mark.parametrize('path', SLOW_EVALUATIONS, ids=name_of)
def test_labels_see_scaled_windows_and_finetuning_colours_too(path):
    found = operations(load(path).train_dataloader.dataset.pipeline)
    assert found[:2] == [
        dict(type='RandomRescale', scale_range=(256, 320)),
        dict(type='RandomCrop', size=224),
    ]
    assert (found[2]['type'], found[2]['prob']) == ('ClipFlip', 0.5)
    colours = [
        dict(type='ClipGrayscale', prob=0.2),
        dict(
            type='ClipColorJitter',
            prob=1.0,
            brightness=0.4,
            contrast=0.4,
            saturation=0.4,
            hue=0.1,
        ),
    ]
    assert found[3:] == ([] if path.parent.name == 'linear' else colours)


@pytest.mark.parametrize('path', SLOW_EVALUATIONS, ids=name_of)
def test_recipe_of_each_protocol(path):
    cfg = load(path)
    optimizer = cfg.optim_wrapper.optimizer
    kind = path.parent.name
    rate, decay, epochs, dropout = dict(
        linear=(0.5, 0, 60, 0.0),
        finetune=(0.005, 1e-4, 200, 0.5),
        supervised=(0.1, 1e-4, 200, 0.5),
    )[kind]
    assert (optimizer.type, optimizer.lr) == ('SGD', rate)
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)
    assert optimizer.weight_decay == decay
    assert cfg.train_cfg.max_epochs == epochs
    head = cfg.model.cls_head
    assert head.get('dropout_ratio', 0.0) == dropout
    assert head.feature_norm == 'none'
    rates = learning_rates(cfg)
    peak = rates.index(max(rates)) / STEPS_PER_EPOCH
    assert peak == dict(linear=8, finetune=0, supervised=35)[kind]
    cosine = (1 + math.cos(math.pi * peak / epochs)) / 2
    assert max(rates) == pytest.approx(rate * cosine)


@pytest.mark.parametrize('protocol', ['cs', 'cv2'])
def test_protocols_of_smarthome_have_their_own_lists(protocol):
    stem = 'smarthome' if protocol == 'cs' else 'smarthome-cv2'
    for kind in ('linear', 'finetune', 'supervised'):
        path = CONFIGS / 'eval' / kind / f'{kind}_slow50_{stem}.py'
        cfg = load(path)
        for part in ('train', 'val', 'test'):
            dataset = cfg[f'{part}_dataloader'].dataset
            wanted = f'data/smarthome/annotations/{protocol}_{part}.txt'
            assert dataset.ann_file == wanted
            assert dataset.data_prefix.video == 'data/smarthome/videos'
            assert dataset.get('test_mode', False) is (part != 'train')

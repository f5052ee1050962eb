"""The numbers of Pace Prediction, section 4.1 and the authors' code."""

from __future__ import annotations

import numpy as np
import pytest
from config_files import (
    CONFIGS,
    PACE_FINETUNINGS,
    PACE_PRETRAININGS,
    RETRIEVALS,
    load,
    name_of,
)

from vsslcodebase.engine.gallery_pipelines import share_pipelines
from vsslcodebase.registry import TRANSFORMS

TRAINED = PACE_PRETRAININGS + PACE_FINETUNINGS


def frames_and_size(path) -> tuple[int, int]:
    """Length and side of the clips that a config is to have."""
    return (64, 224) if 's3dg' in path.stem else (16, 112)


def operations(pipeline) -> list[dict]:
    """What happens to the pixels, as plain dicts."""
    return [operation.to_dict() for operation in pipeline[3].transforms]


def window_and_flip(path) -> list[dict]:
    size = frames_and_size(path)[1]
    scale = (256, 256) if size == 224 else (128, 171)
    return [
        dict(type='ClipResizedRandomCrop', scale=scale, size=size),
        dict(type='ClipFlip', prob=0.5),
    ]


def centre(path) -> list[dict]:
    size = frames_and_size(path)[1]
    scale = (256, 256) if size == 224 else (171, 128)  # width, height
    return [
        dict(type='Resize', scale=scale, keep_ratio=False),
        dict(type='CenterCrop', crop_size=size),
    ]


@pytest.mark.parametrize('path', PACE_PRETRAININGS, ids=name_of)
def test_pretraining_crops_flips_and_jitters(path):
    cfg = load(path)
    jitter = dict(
        type='ClipColorJitter',
        prob=0.8,
        brightness=0.8,
        contrast=0.8,
        saturation=0.8,
        hue=0.2,
        per='frame',
    )
    train = operations(cfg.train_dataloader.dataset.pipeline)
    assert train == [*window_and_flip(path), jitter]
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert operations(loader.dataset.pipeline) == centre(path)


@pytest.mark.parametrize('path', PACE_FINETUNINGS, ids=name_of)
def test_labels_see_window_and_flip_without_jitter(path):
    cfg = load(path)
    train = operations(cfg.train_dataloader.dataset.pipeline)
    assert train == window_and_flip(path)


@pytest.mark.parametrize('path', PACE_FINETUNINGS, ids=name_of)
def test_final_prediction_averages_ten_views(path):
    cfg = load(path)
    pipeline = cfg.test_dataloader.dataset.pipeline
    assert pipeline[1].type == 'SampleUniformClips'
    assert pipeline[1].num_clips == 10
    assert operations(pipeline) == centre(path)
    assert cfg.model.cls_head.average_clips == 'prob'


@pytest.mark.parametrize('path', TRAINED, ids=name_of)
def test_clips_are_as_long_as_the_paper_says(path):
    cfg = load(path)
    length = frames_and_size(path)[0]
    for split in ('train', 'val', 'test'):
        sampler = cfg[f'{split}_dataloader'].dataset.pipeline[1]
        assert sampler.clip_len == length
        if path in PACE_PRETRAININGS:
            assert sampler.paces == (1, 2, 3, 4)
        else:
            assert sampler.frame_interval == 1


@pytest.mark.parametrize('path', TRAINED, ids=name_of)
def test_epochs_go_ten_times_through_small_data_sets(path):
    cfg = load(path)
    times = 1 if path.stem.endswith('k400') else 10
    assert cfg.train_dataloader.dataset.get('num_repeats', 1) == times
    assert cfg.train_dataloader.drop_last
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert 'num_repeats' not in loader.dataset
        assert not loader.get('drop_last', False)


@pytest.mark.parametrize('path', TRAINED + RETRIEVALS, ids=name_of)
def test_pixels_are_divided_by_255_everywhere(path):
    colours = load(path).model.data_preprocessor
    assert (colours.mean, colours.std) == ([0] * 3, [255] * 3)


@pytest.mark.parametrize('path', RETRIEVALS, ids=name_of)
def test_gallery_is_the_training_split_seen_as_the_test(path):
    cfg = load(path)
    share_pipelines(cfg)  # as the tools do
    gallery = cfg.test_evaluator.gallery
    test = cfg.test_dataloader
    data = path.stem.split('_')[-1]
    assert gallery.dataset.ann_file == f'data/{data}/train_split1.txt'
    assert test.dataset.ann_file == f'data/{data}/test_split1.txt'
    assert gallery.dataset.pipeline == test.dataset.pipeline
    assert gallery.dataset.data_prefix == test.dataset.data_prefix
    assert gallery.dataset.test_mode
    assert not test.get('drop_last', False)  # all videos count
    sampler = test.dataset.pipeline[1]
    assert (sampler.type, sampler.num_clips) == ('SampleUniformClips', 10)
    assert (sampler.clip_len, sampler.frame_interval) == (16, 1)
    assert operations(test.dataset.pipeline) == centre(path)
    assert cfg.test_evaluator.level == 'video'
    assert cfg.test_evaluator.topk == (1, 5, 10, 20, 50)


@pytest.mark.parametrize('total_frames', [16, 17, 40, 181, 1000])
def test_clips_of_the_test_start_where_vcops_do_or_a_frame_later(
    total_frames,
):
    path = CONFIGS / 'eval' / 'retrieval' / 'retrieval_c3d_ucf101.py'
    pipeline = load(path).test_dataloader.dataset.pipeline
    starts = TRANSFORMS.build(pipeline[1]).sample_starts(total_frames)
    centres = np.linspace(8, total_frames - 8, 10)
    theirs = (centres - 8).astype(int)
    assert set((starts - theirs).tolist()) <= {0, 1}
    assert (starts[0], starts[-1]) == (theirs[0], theirs[-1])

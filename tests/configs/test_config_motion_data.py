"""Clips, crops and views of HCML's appendix A.1, on made videos."""

from __future__ import annotations

import ast

import numpy as np
import pytest
import torch
from config_files import CONFIGS, LEAVES, backbone_of, load, name_of
from frame_folders import write_frames
from mmengine.dataset import Compose

from vsslcodebase.datasets.sample_state import seeded
from vsslcodebase.datasets.transforms.per_clip import build_transforms

PIPELINES = CONFIGS / '_base_' / 'pipelines'
# frames, interval, largest short side, clips of the test, a pair of labels
GEOMETRY = {
    'labelled_16x2': (16, 2, 320, 10, (2, 2)),
    'labelled_32x2_340': (32, 2, 340, 10, (2, 2)),
    'labelled_32x1_ssv1': (32, 1, 320, 3, (2, 4)),
    'labelled_32x1_ssv1_340': (32, 1, 340, 3, (2, 4)),
    'labelled_32x1_ssv2': (32, 1, 320, 3, (86, 87)),
    'labelled_32x1_ssv2_340': (32, 1, 340, 3, (86, 87)),
}


def both_ways(*pairs):
    return dict([*pairs, *((right, left) for left, right in pairs)])


FLIPS = {
    'ssv1': both_ways((2, 4), (30, 41), (52, 66)),
    'ssv2': both_ways((86, 87), (93, 94), (166, 167)),
}


def flips_of(name):
    return next((FLIPS[part] for part in FLIPS if part in name), None)


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """A folder like those of Something-Something V1: 36 frames, 100 high."""
    folder = tmp_path_factory.mktemp('ssv1') / '100218'
    return write_frames(folder, 36, size=(100, 132))


def run(config, pipeline, video, label=0, seed=0):
    steps = Compose(build_transforms(config[pipeline]))
    with seeded(seed):
        return steps(dict(filename=video, label=label, video_id=0))


@pytest.mark.parametrize('name', GEOMETRY)
def test_settings_are_those_of_the_paper(name):
    clip_len, interval, most, views, _ = GEOMETRY[name]
    config = load(PIPELINES / f'{name}.py')
    for pipeline, sampler, num_clips in (
        ('train_pipeline', 'SampleRandomClips', 1),
        ('pretrain_pipeline', 'SampleRandomClips', 1),
        ('val_pipeline', 'SampleUniformClips', 1),
        ('test_pipeline', 'SampleUniformClips', views),
    ):
        assert config[pipeline][1].to_dict() == dict(
            type=sampler,
            clip_len=clip_len,
            frame_interval=interval,
            num_clips=num_clips,
        )
    flips = flips_of(name)
    flip = dict(type='ClipFlip', prob=0.5)
    wanted = [
        dict(type='ClipScaledRandomCrop', scale_range=(256, most), size=224),
        flip if flips is None else flip | dict(flip_label_map=flips),
    ]
    for pipeline in ('train_pipeline', 'pretrain_pipeline'):
        operations = config[pipeline][3].transforms
        assert [op.to_dict() for op in operations] == wanted
    assert config.train_pipeline[3].type == 'PerClip'
    assert config.pretrain_pipeline[3].type == 'FastClips'


@pytest.mark.parametrize('name', GEOMETRY)
def test_both_paths_give_the_same_clip_and_label(name, video):
    clip_len, *_, pair = GEOMETRY[name]
    config = load(PIPELINES / f'{name}.py')
    labels = set()
    for seed in range(6):
        plain, fast = (
            run(config, pipeline, video, pair[0], seed)
            for pipeline in ('train_pipeline', 'pretrain_pipeline')
        )
        assert plain['inputs'].shape == (1, 3, clip_len, 224, 224)
        one, two = plain['inputs'].int(), fast['inputs'].int()
        assert (one - two).abs().double().mean() < 1
        label = plain['data_samples'].gt_label.item()
        assert fast['data_samples'].gt_label.item() == label
        labels.add(label)
    assert labels == {*pair}


@pytest.mark.parametrize('name', GEOMETRY)
def test_validation_sees_the_middle(name, video):
    clip_len, interval, *_ = GEOMETRY[name]
    config = load(PIPELINES / f'{name}.py')
    sample = run(config, 'val_pipeline', video)
    start = max(36 - clip_len * interval, 0) // 2
    assert sample['data_samples'].clip_start.tolist() == [start]
    whole = config.to_dict()
    whole['val_pipeline'][3]['transforms'].pop()  # without the crop
    scaled = run(whole, 'val_pipeline', video)['inputs']
    assert scaled.shape[-2:] == (256, 338)
    middle = scaled[..., 16:240, 57:281]
    assert torch.equal(sample['inputs'], middle)


@pytest.mark.parametrize('name', ['labelled_16x2', 'labelled_32x1_ssv1'])
def test_the_test_has_three_crops_of_each_clip(name, video):
    """30 views of Kinetics and UCF101, 9 of Something-Something."""
    clip_len, interval, _, views, _ = GEOMETRY[name]
    config = load(PIPELINES / f'{name}.py')
    sample = run(config, 'test_pipeline', video)
    clips = sample['inputs']
    assert clips.shape == (3 * views, 3, clip_len, 256, 256)
    last = 36 - clip_len * interval
    starts = np.round(np.linspace(0, last, views)).repeat(3)
    assert sample['data_samples'].clip_start.tolist() == starts.tolist()
    # left, middle and right of the same frames overlap by 256 - 41 columns
    left, right, middle = clips[:3]
    assert torch.equal(left[..., 82:], right[..., :-82])
    assert torch.equal(left[..., 41:], middle[..., :-41])


def test_the_data_set_of_v1_reads_the_nine_views():
    config = load(CONFIGS / '_base_' / 'datasets' / 'ssv1_labelled.py')
    pipelines = load(PIPELINES / 'labelled_32x1_ssv1.py')
    for split in ('train', 'val', 'test'):
        data = config[f'{split}_dataloader'].dataset
        assert data.pipeline == pipelines[f'{split}_pipeline']
        part = 'train' if split == 'train' else 'val'
        assert data.ann_file == f'data/ssv1/{part}.txt'
        assert data.data_prefix.video == 'data/ssv1/videos'


@pytest.mark.parametrize('version', FLIPS)
def test_flips_stand_in_one_place(version):
    """Other augmentations take the map from there."""
    augment = CONFIGS / '_base_' / 'augment'
    flip = load(augment / f'flip_{version}.py').flip
    assert flip.flip_label_map == FLIPS[version]
    holders = [
        path.name
        for path in CONFIGS.rglob('*.py')
        if any(
            isinstance(node, ast.keyword) and node.arg == 'flip_label_map'
            for node in ast.walk(ast.parse(path.read_text()))
        )
    ]
    assert sorted(holders) == ['flip_ssv1.py', 'flip_ssv2.py']


SCALES = {'r2d50': (256, 320), 'r2plus1d101': (256, 340)}


@pytest.mark.parametrize(
    'path', [p for p in LEAVES if backbone_of(p) in SCALES], ids=name_of
)
def test_each_network_trains_at_its_scales(path):
    pipeline = load(path).train_dataloader.dataset.pipeline
    assert pipeline[1].type == 'SampleRandomClips'
    crop = pipeline[3].transforms[0]
    assert crop.scale_range == SCALES[backbone_of(path)]

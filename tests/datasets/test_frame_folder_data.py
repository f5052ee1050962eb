"""Folders of images through whole pipelines: plain and fast, in workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from frame_folders import write_frames
from mmengine.runner import Runner
from PIL import Image

from vsslcodebase.datasets import VideoListDataset
from vsslcodebase.datasets.readers import BadVideoError

NAMES = ('100218', '24413', '3', '55')
MIRROR = {0: 1, 1: 0}
SLOTS = dict(
    plain=('DecodeClips', 'PerClip'), fast=('DecodeOnDemand', 'FastClips')
)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ssv1')
    for index, name in enumerate(NAMES):
        write_frames(folder / name, 20 + 3 * index, size=(50, 66))
    lines = [f'{name} {index % 3}' for index, name in enumerate(NAMES)]
    (folder / 'list.txt').write_text('\n'.join(lines))
    return folder


def pipeline(path='plain', transforms=(), num_clips=2, **opening):
    decode, augment = SLOTS[path]
    return [
        dict(type='OpenVideo', **opening),
        dict(
            type='SampleRandomClips',
            clip_len=4,
            frame_interval=2,
            num_clips=num_clips,
        ),
        dict(type=decode),
        dict(type=augment, transforms=list(transforms)),
        dict(type='PackClips'),
    ]


def dataset(folder, steps, **options):
    made = VideoListDataset(
        str(folder / 'list.txt'),
        steps,
        data_prefix=dict(video=str(folder)),
        **options,
    )
    made.set_seed(3)
    return made


def check_is_the_files(folder, name, sample):
    """Compare a sample, unaugmented, with the JPEG files themselves."""
    starts = sample['data_samples'].clip_start.tolist()
    for clip, start in zip(sample['inputs'], starts, strict=True):
        for time in range(4):
            file = Path(folder, name, f'{start + 2 * time + 1:05d}.jpg')
            expected = np.asarray(Image.open(file))
            found = clip[:, time].permute(1, 2, 0).numpy()
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('path', SLOTS)
def test_clips_are_the_files_and_times_those_of_twelve_a_second(folder, path):
    videos = dataset(folder, pipeline(path))
    for index, name in enumerate(NAMES):
        sample = videos[index]
        check_is_the_files(folder, name, sample)
        times = sample['data_samples'].clip_time
        starts = sample['data_samples'].clip_start
        torch.testing.assert_close(times, (starts / 12).float())


def test_the_rate_can_be_set_or_left_unknown(folder):
    (faster, unknown) = (
        dataset(folder, pipeline(folder_fps=fps))[2]['data_samples']
        for fps in (30, 0)
    )
    expected = (faster.clip_start / 30).float()
    torch.testing.assert_close(faster.clip_time, expected)
    assert 'clip_time' not in unknown
    with pytest.raises(ValueError, match='folder_fps must be >= 0, got -1'):
        dataset(folder, pipeline(folder_fps=-1))


def test_the_fast_path_gives_what_the_plain_one_gives(folder):
    crop = dict(type='ClipScaledRandomCrop', scale_range=(48, 64), size=40)
    steps = [crop, dict(type='ClipFlip')]
    plain, fast = (dataset(folder, pipeline(path, steps)) for path in SLOTS)
    for index in range(len(NAMES)):
        one, two = (videos[index]['inputs'].int() for videos in (plain, fast))
        difference = (one - two).abs()
        assert one.shape == (2, 3, 4, 40, 40)
        # scaled to a whole number of pixels, or by the exact ratio
        assert difference.double().mean() < 0.6


@pytest.mark.parametrize('path', SLOTS)
@pytest.mark.parametrize('label', [0, 2])
def test_a_flip_trades_labels_of_one_clip(folder, path, label):
    name = NAMES[label]
    flip = dict(type='ClipFlip', prob=0.5, flip_label_map=MIRROR)
    videos = dataset(folder, pipeline(path, [flip], num_clips=1))
    whole = dataset(folder, pipeline(path, num_clips=1))
    seen = set()
    for epoch in range(12):
        videos.set_epoch(epoch)
        whole.set_epoch(epoch)
        sample, original = videos[label], whole[label]
        check_is_the_files(folder, name, original)
        is_flipped = not torch.equal(sample['inputs'], original['inputs'])
        if is_flipped:
            mirrored = original['inputs'].flip(-1)
            assert torch.equal(sample['inputs'], mirrored)
        expected = MIRROR.get(label, label) if is_flipped else label
        assert sample['data_samples'].gt_label.item() == expected
        seen.add(is_flipped)
    assert seen == {False, True}


@pytest.mark.parametrize('path', SLOTS)
@pytest.mark.parametrize('prob', [0.0, 1.0])
def test_a_flip_of_labels_is_refused_for_several_clips(folder, path, prob):
    """Flipped independently they would need different labels."""
    flip = dict(type='ClipFlip', prob=prob, flip_label_map=MIRROR)
    videos = dataset(folder, pipeline(path, [flip]))
    with pytest.raises(ValueError, match='num_clips=2 clips, flipped indep'):
        videos[0]


@pytest.mark.parametrize('path', SLOTS)
def test_workers_give_the_same_clips(folder, path):
    found = []
    for num_workers in (0, 2):
        loader = Runner.build_dataloader(
            dict(
                dataset=dataset(folder, pipeline(path)),
                batch_size=2,
                num_workers=num_workers,
                sampler=dict(type='DefaultSampler', shuffle=False),
            )
        )
        found.append([clips for batch in loader for clips in batch['inputs']])
    assert len(found[0]) == len(NAMES)
    for one, two in zip(*found, strict=True):
        assert torch.equal(one, two)


def test_a_bad_folder_is_replaced_in_training(folder, tmp_path):
    for name in NAMES:
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / NAMES[1]).unlink()
    hole = Path(write_frames(tmp_path / NAMES[1], 20, size=(50, 66)))
    (hole / '00010.jpg').unlink()
    (tmp_path / 'list.txt').write_text((folder / 'list.txt').read_text())
    videos = dataset(tmp_path, pipeline('fast'), max_bad_share=0.5)
    assert videos[1]['data_samples'].video_id != 1
    assert videos.num_bad_videos == 1
    tested = dataset(tmp_path, pipeline(), test_mode=True)
    with pytest.raises(BadVideoError, match='24413: 1 frames are missing'):
        tested[1]
    assert len(tested[0]['inputs']) == 2

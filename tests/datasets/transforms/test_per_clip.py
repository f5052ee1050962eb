"""One draw per clip, and MMAction2's transforms inside."""

from __future__ import annotations

import numpy as np
import pytest
from mmengine.registry import DefaultScope

from vsslcodebase.datasets.transforms import ClipFlip, PackClips, PerClip

CLIP_LEN = 3


def video(num_clips=4, size=(12, 20)):
    """Return results of a decoder: all frames of a clip are alike."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (num_clips, *size, 3), dtype=np.uint8)
    return dict(
        imgs=[frame for frame in frames for _ in range(CLIP_LEN)],
        img_shape=size,
        clip_len=CLIP_LEN,
        num_clips=num_clips,
        label=1,
        modality='RGB',
        clip_start=np.arange(num_clips) * 10,
        clip_time=np.arange(num_clips, dtype=np.float32) / 3,
        frame_interval=np.full(num_clips, 2),
    )


def draw_once(results):
    """Mark a clip by a random number."""
    mark = np.random.rand()
    results['imgs'] = [np.full_like(i, 255 * mark) for i in results['imgs']]
    return results


def test_draws_differ_between_clips_and_not_within():
    np.random.seed(0)
    results = PerClip([draw_once])(video())
    marks = [int(img[0, 0, 0]) for img in results['imgs']]
    clips = [set(marks[i : i + CLIP_LEN]) for i in range(0, 12, CLIP_LEN)]
    assert all(len(clip) == 1 for clip in clips)
    assert len(set.union(*clips)) == 4


def test_clips_stay_in_order():
    before = video()
    after = PerClip([dict(type='ClipFlip', prob=1)])(video())
    for old, new in zip(before['imgs'], after['imgs'], strict=True):
        np.testing.assert_array_equal(new, old[:, ::-1])
    assert after['num_clips'] == 4


def test_three_crops_triple_the_clips_and_what_is_known_of_them():
    transforms = [
        dict(type='Resize', scale=(np.inf, 10)),
        dict(type='ThreeCrop', crop_size=10),
    ]
    results = PerClip(transforms)(video(num_clips=2))
    assert results['num_clips'] == 6
    assert results['img_shape'] == (10, 10)
    assert results['clip_start'].tolist() == [0, 0, 0, 10, 10, 10]
    packed = PackClips()(results)
    assert packed['inputs'].shape == (6, 3, CLIP_LEN, 10, 10)
    assert packed['data_samples'].clip_time.shape == (6,)
    # frames of a clip are alike, so are those of a crop; crops differ
    clips = packed['inputs']
    assert (clips[:, :, :1] == clips).all()
    assert len({clip.numpy().tobytes() for clip in clips}) == 6


def test_centre_crop_of_mmaction():
    size = dict(type='CenterCrop', crop_size=8)
    results = PerClip([size])(video())
    assert results['img_shape'] == (8, 8)
    expected = video()['imgs'][0][2:10, 6:14]
    np.testing.assert_array_equal(results['imgs'][0], expected)


def test_names_are_found_whatever_the_default_scope_is():
    with DefaultScope.overwrite_default_scope('mmaction'):
        transform = PerClip(
            [
                dict(type='ClipFlip', prob=1),
                dict(type='CenterCrop', crop_size=8),
                dict(type='mmaction.Resize', scale=(4, 4), keep_ratio=False),
            ]
        )
    assert transform(video())['img_shape'] == (4, 4)


def test_label_of_a_single_clip_may_change():
    flip = ClipFlip(1, flip_label_map={1: 2})
    assert PerClip([flip])(video(num_clips=1))['label'] == 2
    with pytest.raises(ValueError, match='num_clips=4'):
        PerClip([flip])(video(num_clips=4))


def test_none_is_handed_on():
    assert PerClip([lambda results: None])(video()) is None


def test_clips_of_different_size_are_an_error():
    def crop_to_random_width(results):
        width = 5 + int(results['imgs'][0][0, 0, 0]) % 7
        results['imgs'] = [img[:, :width] for img in results['imgs']]
        return results

    with pytest.raises(ValueError, match='clips came out in different sizes'):
        PerClip([crop_to_random_width])(video())


def test_frames_that_are_no_whole_clips_are_an_error():
    results = video()
    results['imgs'].pop()
    with pytest.raises(ValueError, match='11 frames are not a number of'):
        PerClip([])(results)

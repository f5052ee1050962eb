"""What the model receives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vsslcodebase.datasets.transforms import PackClips


def results(num_clips=2, clip_len=3, **more):
    rng = np.random.default_rng(0)
    shape = (num_clips * clip_len, 4, 6, 3)
    return dict(
        imgs=list(rng.integers(0, 256, shape, dtype=np.uint8)),
        clip_len=clip_len,
        num_clips=num_clips,
        filename='a/b c.mp4',
        video_id=7,
        label=3,
        **more,
    )


def test_pixels_land_where_they_belong():
    video = results()
    inputs = PackClips()(video)['inputs']
    assert inputs.shape == (2, 3, 3, 4, 6)
    assert inputs.dtype == torch.uint8
    assert inputs.is_contiguous()
    for v, c, t in np.ndindex(2, 3, 3):
        expected = video['imgs'][v * 3 + t][:, :, c]
        np.testing.assert_array_equal(inputs[v, c, t], expected)


def test_labels_and_what_the_sampler_knows():
    sample = PackClips()(
        results(
            clip_start=np.array([4, 9]),
            clip_time=np.array([0.4, 0.9], np.float32),
            clip_end=np.array([0.6, 1.1], np.float32),
            frame_interval=np.array([1, 2]),
            pace_label=np.array([0, 3]),
        )
    )['data_samples']
    assert sample.gt_label.tolist() == [3]
    assert sample.clip_start.tolist() == [4, 9]
    assert sample.clip_time.dtype == torch.float32
    torch.testing.assert_close(sample.clip_end, torch.tensor([0.6, 1.1]))
    assert sample.frame_interval.tolist() == [1, 2]
    assert sample.pace_label.tolist() == [0, 3]
    assert sample.metainfo == dict(
        filename='a/b c.mp4',
        video_id=7,
        img_shape=(4, 6),
        num_clips=2,
        clip_len=3,
    )


def test_absent_things_stay_absent():
    video = results()
    video['label'] = -1
    del video['video_id']
    sample = PackClips()(video)['data_samples']
    assert 'gt_label' not in sample
    assert 'clip_time' not in sample
    assert 'video_id' not in sample.metainfo


def test_one_interval_stands_for_all_clips():
    """As MMAction2's SampleFrames writes it."""
    sample = PackClips()(results(frame_interval=8))['data_samples']
    assert sample.frame_interval.tolist() == [8, 8]


def test_fields_must_match_the_clips():
    with pytest.raises(ValueError, match=r'clip_start .* inside PerClip'):
        PackClips()(results(clip_start=np.array([4])))


def test_float_frames_are_refused():
    video = results()
    video['imgs'] = [img.astype(np.float32) for img in video['imgs']]
    with pytest.raises(TypeError, match='packs uint8 frames, got float32'):
        PackClips()(video)


def test_broken_clips_are_an_error():
    video = results()
    video['imgs'].pop()
    with pytest.raises(ValueError, match='5 frames are not a number of clips'):
        PackClips()(video)

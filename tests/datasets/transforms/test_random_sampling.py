from __future__ import annotations

import numpy as np
import pytest

from vsslcodebase.datasets.transforms import SampleRandomClips


def starts(total_frames, **geometry):
    np.random.seed(0)
    sampler = SampleRandomClips(num_clips=4000, **geometry)
    found = sampler(dict(total_frames=total_frames))
    frames = found['frame_inds'].reshape(4000, -1)
    np.testing.assert_array_equal(frames[:, 0], found['clip_start'])
    return found['clip_start'], frames


@pytest.mark.parametrize(
    ('clip_len', 'frame_interval', 'total_frames', 'last_start'),
    [(16, 2, 40, 9), (32, 1, 36, 4), (32, 2, 63, 0), (32, 2, 64, 1)],
)
def test_starts_are_uniform_over_all_that_fit(
    clip_len, frame_interval, total_frames, last_start
):
    """0 to L - (T-1)D - 1, each as often, and the last frame is reached."""
    found, frames = starts(
        total_frames, clip_len=clip_len, frame_interval=frame_interval
    )
    counts = np.bincount(found, minlength=last_start + 1)
    assert len(counts) == last_start + 1
    share = 1 / (last_start + 1)
    spread = (share * (1 - share) / 4000) ** 0.5
    np.testing.assert_allclose(counts / 4000, share, atol=4 * spread)
    assert frames.max() == total_frames - 1
    assert (np.diff(frames) == frame_interval).all()


@pytest.mark.parametrize('total_frames', [1, 5, 30])
def test_short_videos_start_again(total_frames):
    found, frames = starts(total_frames, clip_len=16, frame_interval=2)
    assert not found.any()
    assert (frames == np.arange(0, 32, 2) % total_frames).all()


def test_clips_of_a_video_are_independent():
    found, _ = starts(34, clip_len=16, frame_interval=2)  # starts 0 to 3
    pairs = found.reshape(-1, 2)
    counts = np.histogram2d(*pairs.T, bins=4)[0]
    np.testing.assert_allclose(counts / len(pairs), 1 / 16, atol=0.025)

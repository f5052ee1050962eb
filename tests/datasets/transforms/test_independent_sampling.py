"""Independent clips against their formula, and in real time."""

from __future__ import annotations

import numpy as np
import pytest
from encoded_video import encode

from vsslcodebase.datasets.transforms import (
    DecodeClips,
    DecodeOnDemand,
    FastClips,
    OpenVideo,
    PackClips,
    PerClip,
    SampleIndependentClips,
)

# ten frames a second for two seconds, then one frame a second for twenty
SLOWING = [*range(0, 60, 3), *range(60, 660, 30)]


def sample(total_frames, avg_fps=30.0, seed=0, **options):
    np.random.seed(seed)
    sampler = SampleIndependentClips(**options)
    return sampler(dict(total_frames=total_frames, avg_fps=avg_fps))


def open_video(path, backend='pyav'):
    return OpenVideo(backend)(dict(filename=path))


@pytest.mark.parametrize('total_frames', [40, 64, 65, 300])
@pytest.mark.parametrize('target_fps', [30, 12.5, None])
@pytest.mark.parametrize('avg_fps', [30, 25, 23.976])
def test_clips_are_those_of_the_formula(total_frames, target_fps, avg_fps):
    found = sample(total_frames, avg_fps, num_clips=50, target_fps=target_fps)
    rate = avg_fps / target_fps if target_fps else 1
    length = 8 * 8 * rate
    np.random.seed(0)
    starts = np.random.uniform(0, max(total_frames - length, 0), 50)
    np.testing.assert_array_equal(found['clip_start'], starts)
    expected = [
        [
            min(int(x), total_frames - 1)
            for x in np.linspace(start, start + length - 1, 8)
        ]
        for start in starts
    ]
    assert found['frame_inds'].reshape(50, 8).tolist() == expected
    assert found['frame_inds'].dtype == np.int64
    ends = np.minimum(starts + length - 1, total_frames - 1)
    np.testing.assert_allclose(found['clip_time'], starts / avg_fps, rtol=1e-6)
    np.testing.assert_allclose(found['clip_end'], ends / avg_fps, rtol=1e-6)
    assert found['clip_time'].dtype == found['clip_end'].dtype == np.float32
    np.testing.assert_allclose(found['frame_interval'], (length - 1) / 7)
    assert (found['clip_len'], found['num_clips']) == (8, 50)


def test_starts_are_uniform_and_independent():
    """On [0, 36] and [0, 36]^2: by the counts in cells of equal size."""
    starts = sample(100, num_clips=40_000)['clip_start']
    assert 0 <= starts.min() < 0.01
    assert 35.99 < starts.max() <= 36
    cells = (starts / 6).astype(int)
    counts = np.bincount(cells, minlength=6)
    pairs = np.bincount(cells[::2] * 6 + cells[1::2], minlength=36)
    for found, freedom in ((counts, 5), (pairs, 35)):
        mean = found.mean()
        chi_square = ((found - mean) ** 2 / mean).sum()
        assert chi_square < freedom + 4 * np.sqrt(2 * freedom)
    assert np.abs(starts - np.round(starts)).mean() > 0.2  # not whole frames


@pytest.mark.parametrize('total_frames', [1, 2, 20, 64])
def test_in_short_videos_all_clips_start_at_0(total_frames):
    found = sample(total_frames)
    assert not found['clip_start'].any()
    assert not found['clip_time'].any()
    np.testing.assert_allclose(
        found['clip_end'], min(63, total_frames - 1) / 30, rtol=1e-6
    )
    clip = [min(9 * k, total_frames - 1) for k in range(8)]
    assert found['frame_inds'].tolist() == clip * 4


def test_slow_videos_stand_still_and_never_run_backwards():
    """At 2 frames a second four frames at 30 are less than one."""
    found = sample(9, avg_fps=2, clip_len=4, frame_interval=1, num_clips=20)
    clips = found['frame_inds'].reshape(20, 4)
    assert (clips == clips[:, :1]).all()
    assert len(set(clips[:, 0].tolist())) > 5
    assert (found['clip_end'] >= found['clip_time']).all()


def test_unknown_frame_rate_leaves_times_out():
    found = sample(100, avg_fps=0)
    assert 'clip_time' not in found
    assert 'clip_end' not in found
    known = sample(100, target_fps=None)
    assert found['frame_inds'].tolist() == known['frame_inds'].tolist()
    # the only frame is at 0 at any rate
    assert sample(1, avg_fps=0)['clip_time'].tolist() == [0, 0, 0, 0]


def test_readers_of_others_have_no_times():
    """Those of MMAction2 stand in the same place."""
    np.random.seed(0)
    results = dict(total_frames=100, avg_fps=30.0, video_reader=object())
    found = SampleIndependentClips()(results)
    assert found['clip_time'].tolist() == sample(100)['clip_time'].tolist()


def test_one_frame_in_a_clip():
    found = sample(100, clip_len=1, frame_interval=16, num_clips=3)
    expected = found['clip_start'].astype(int)
    assert found['frame_inds'].tolist() == expected.tolist()


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('name', ['video.mp4', 'video.mkv', 'late.mp4'])
def test_constant_rate_by_time_stamps_is_the_formula(tmp_path, name, backend):
    """In milliseconds too, and where the first frame is not at 0."""
    times = list(range(150, 250)) if name.startswith('late') else None
    path = encode(tmp_path / name, num_frames=100, times=times)
    sampler = SampleIndependentClips(4, 4, 50)
    np.random.seed(0)
    found = sampler(open_video(path, backend))
    found.pop('video_reader').close()
    expected = sample(100, clip_len=4, frame_interval=4, num_clips=50)
    np.testing.assert_array_equal(found['frame_inds'], expected['frame_inds'])
    for key in ('clip_start', 'clip_time', 'clip_end'):
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-3)


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('name', ['slowing.mp4', 'slowing.mkv'])
def test_variable_rate_is_sampled_in_time(tmp_path, name, backend):
    """The frame on the screen at each time, whatever its number."""
    path = encode(tmp_path / name, num_frames=40, times=SLOWING)
    np.random.seed(0)
    # two seconds in steps of half a second
    sampler = SampleIndependentClips(4, 15, 400, target_fps=30)
    found = sampler(open_video(path, backend))
    found.pop('video_reader').close()
    shown = np.array(SLOWING) / 30
    rate = 39 / shown[-1]
    starts = found['clip_time'].astype(float)
    # the last frame is taken to last as long as the mean one
    latest = shown[-1] + 1 / rate - 2
    assert 0 <= starts.min() < 0.2
    assert latest - 0.2 < starts.max() <= latest
    # time and not frames: half of these are in the first two seconds
    assert (starts < 2).mean() == pytest.approx(2 / latest, abs=0.03)
    ends = np.minimum(starts + 2 - 1 / rate, shown[-1])
    np.testing.assert_allclose(found['clip_end'], ends, rtol=1e-3)
    for start, clip in zip(starts, found['frame_inds'].reshape(-1, 4)):
        times = np.linspace(start, start + 2 - 1 / rate, 4)
        early, late = (
            [int((shown <= t + shift).sum()) - 1 for t in times]
            for shift in (-2e-3, 2e-3)  # Matroska counts milliseconds
        )
        assert all(a <= i <= b for a, i, b in zip(early, clip, late))


@pytest.mark.parametrize('fast', [False, True])
def test_times_reach_the_data_sample(tmp_path, fast):
    path = encode(tmp_path / 'slowing.mp4', num_frames=40, times=SLOWING)
    np.random.seed(0)
    results = SampleIndependentClips(4, 15, 3)(open_video(path))
    times, ends = results['clip_time'], results['clip_end']
    steps = [DecodeClips(), PackClips()]
    if fast:
        crop = dict(type='ClipRandomResizedCrop', size=16)
        steps = [DecodeOnDemand(), FastClips([crop]), PackClips()]
    for step in steps:
        results = step(results)
    field = results['data_samples']
    assert results['inputs'].shape[:3] == (3, 3, 4)
    assert field.clip_time.tolist() == times.tolist()
    assert field.clip_end.tolist() == ends.tolist()


def test_clips_made_of_one_clip_end_when_it_did(tmp_path):
    path = encode(tmp_path / 'video.mp4', num_frames=40)
    np.random.seed(0)
    results = SampleIndependentClips(4, 4, 2)(open_video(path))
    ends = results['clip_end'].tolist()
    results = DecodeClips()(results)
    crops = PerClip([dict(type='ThreeCrop', crop_size=(32, 48))])
    results = crops(results)
    assert results['clip_end'].tolist() == np.repeat(ends, 3).tolist()


def test_wrong_arguments():
    with pytest.raises(ValueError, match='target_fps must be above 0, or No'):
        SampleIndependentClips(target_fps=0)
    with pytest.raises(ValueError, match='num_clips must be an int >= 1'):
        SampleIndependentClips(num_clips=0)

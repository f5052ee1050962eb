"""Samplers against their equations, by enumeration where possible."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from mmaction.datasets.transforms import SampleFrames

from vsslcodebase.datasets.transforms import (
    ClipSampler,
    SampleDecayingClips,
    SampleSeparatedClips,
    SampleUniformClips,
)


def sample(sampler, total_frames, avg_fps=30.0):
    return sampler(dict(total_frames=total_frames, avg_fps=avg_fps))


def separated_starts(total_frames, clip_len, interval, num_clips):
    """Enumerate Eq. 3 of CORP: all sets of whole starts with its gap."""
    span = clip_len * interval
    latest = total_frames - span
    gap = min(max(latest / num_clips, 1), span)
    return [
        starts
        for starts in combinations(range(latest + 1), num_clips)
        if all(b - a >= gap for a, b in pairwise(starts))
    ]


@pytest.mark.parametrize(
    ('total_frames', 'clip_len', 'interval', 'num_clips'),
    [(24, 16, 1, 2), (28, 16, 1, 3), (45, 16, 1, 4), (26, 4, 2, 3)],
)
def test_separated_starts_are_uniform_over_eq_3(
    total_frames, clip_len, interval, num_clips
):
    allowed = separated_starts(total_frames, clip_len, interval, num_clips)
    sampler = SampleSeparatedClips(
        clip_len, interval, num_clips, sort_by_time=True
    )
    np.random.seed(0)
    draws = 40 * len(allowed)
    counts = Counter(
        tuple(int(s) for s in sampler.sample_starts(total_frames))
        for _ in range(draws)
    )
    assert set(counts) == set(allowed)
    chi_square = sum((counts[s] - 40) ** 2 / 40 for s in allowed)
    freedom = len(allowed) - 1
    assert chi_square < freedom + 5 * np.sqrt(2 * freedom)


def test_separated_starts_by_hand(monkeypatch):
    """S = 29, gap = ceil(7.25) = 8, 9 places: y -> y + 7 i."""
    monkeypatch.setattr(
        np.random, 'choice', lambda n, k, replace: np.array([8, 2, 0, 5])
    )
    sampler = SampleSeparatedClips(16, 1, 4, sort_by_time=True)
    assert sampler.sample_starts(45).tolist() == [0, 9, 19, 29]


def test_the_gap_is_never_longer_than_a_clip():
    """Delta = min(S/K, DT): in long videos clips may touch, not overlap."""
    sampler = SampleSeparatedClips(8, 2, 2, sort_by_time=True)
    np.random.seed(0)
    gaps = [np.diff(sampler.sample_starts(200))[0] for _ in range(3000)]
    assert min(gaps) == 16


def test_order_of_separated_clips_is_random_unless_sorted():
    np.random.seed(0)
    orders = Counter(
        tuple(np.argsort(SampleSeparatedClips(8, 1, 3).sample_starts(60)))
        for _ in range(1200)
    )
    assert len(orders) == 6
    assert all(150 < count < 250 for count in orders.values())
    sampler = SampleSeparatedClips(8, 1, 3, sort_by_time=True)
    for _ in range(50):
        assert np.all(np.diff(sampler.sample_starts(60)) > 0)


@pytest.mark.parametrize('interval', [1, 2, 4])
@pytest.mark.parametrize('num_clips', [1, 2, 3, 4])
@pytest.mark.parametrize('clip_len', [1, 5, 16])
def test_every_length_gives_clips_inside_the_video(
    clip_len, num_clips, interval
):
    """Also those where CORP's redrawing never ends."""
    sampler = SampleSeparatedClips(clip_len, interval, num_clips)
    np.random.seed(0)
    for total_frames in range(1, 120):
        results = sample(sampler, total_frames)
        indices = results['frame_inds'].reshape(num_clips, clip_len)
        starts = results['clip_start']
        assert indices.min() >= 0
        assert indices.max() < total_frames
        np.testing.assert_array_equal(indices[:, 0], starts)
        assert np.all(np.diff(indices, axis=1) <= interval)
        if total_frames >= clip_len * interval + num_clips - 1:
            assert len(set(starts.tolist())) == num_clips
            # nothing repeats
            assert np.all(np.diff(indices, axis=1) == interval)


def test_infeasible_gap_is_the_largest_that_fits():
    """L = 21: S = 5, Delta = 1.25 -> 2 needs S >= 6; 5 // 3 = 1 fits."""
    sampler = SampleSeparatedClips(16, 1, 4, sort_by_time=True)
    np.random.seed(0)
    draws = {tuple(sampler.sample_starts(21).tolist()) for _ in range(400)}
    assert draws == set(combinations(range(6), 4))


def test_short_videos_repeat_their_last_frame():
    sampler = SampleSeparatedClips(4, 1, 4, sort_by_time=True)
    indices = sample(sampler, 5)['frame_inds'].reshape(4, 4)
    expected = [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 4], [3, 4, 4, 4]]
    assert indices.tolist() == expected


@pytest.mark.parametrize('total_frames', [1, 2, 3, 4, 6])
def test_clips_are_the_same_exactly_when_their_starts_are(total_frames):
    """A tie tells the loss that a pair has no order."""
    sampler = SampleSeparatedClips(3, 2, 4)
    np.random.seed(0)
    for _ in range(20):
        results = sample(sampler, total_frames)
        clips = results['frame_inds'].reshape(4, 3).tolist()
        starts = results['clip_start'].tolist()
        for a, b in combinations(range(4), 2):
            assert (clips[a] == clips[b]) == (starts[a] == starts[b])


@pytest.mark.parametrize('total_frames', [1, 3, 7])
def test_short_videos_look_alike_in_labelled_training_and_test(total_frames):
    """One that repeats and one that loops would be different videos."""
    training = SampleSeparatedClips(5, 2, 1, out_of_bound_opt='loop')
    indices = sample(training, total_frames)['frame_inds']
    assert indices.tolist() == [2 * j % total_frames for j in range(5)]
    tested = sample(SampleUniformClips(5, 2, 1), total_frames)
    assert indices.tolist() == tested['frame_inds'].tolist()


def test_decaying_distance_is_the_inverse_of_its_distribution(monkeypatch):
    """Tm = 100, u = 0.75 -> delta = 50 (CVRL)."""
    sampler = SampleDecayingClips(11, 2)  # L = 120: 120 - 20 = 100 starts
    monkeypatch.setattr(np.random, 'rand', lambda: 0.75)
    monkeypatch.setattr(np.random, 'randint', lambda high: high - 1)
    assert sorted(sampler.sample_starts(120).tolist()) == [49, 99]


def test_decaying_distance_has_a_linear_density():
    sampler = SampleDecayingClips(1)
    np.random.seed(0)
    starts = np.stack([sampler.sample_starts(100) for _ in range(8000)])
    distances = np.abs(starts[:, 0] - starts[:, 1])
    for quantile in (0.2, 0.5, 0.8):
        expected = 100 * (1 - np.sqrt(1 - quantile))
        assert np.quantile(distances, quantile) == pytest.approx(
            expected, abs=2.5
        )
    assert np.mean(starts[:, 0] < starts[:, 1]) == pytest.approx(
        0.49, abs=0.03
    )
    assert starts.min() == 0
    assert starts.max() == 99


def test_decaying_clips_of_short_videos_loop():
    sampler = SampleDecayingClips(4, 2)
    np.random.seed(0)
    starts = set()
    for _ in range(60):
        results = sample(sampler, 5)
        indices = results['frame_inds'].reshape(2, 4)
        starts.update(results['clip_start'].tolist())
        for clip, start in zip(indices, results['clip_start']):
            assert clip.tolist() == [(start + 2 * j) % 5 for j in range(4)]
    assert starts == {0, 1, 2, 3, 4}


def test_uniform_clips_by_hand():
    results = sample(SampleUniformClips(8, 2, 5), 57)  # span 41
    assert results['clip_start'].tolist() == [0, 10, 20, 31, 41]
    assert results['frame_inds'][:8].tolist() == list(range(0, 16, 2))
    assert sample(SampleUniformClips(8, 2, 1), 57)['clip_start'] == [20]


@pytest.mark.parametrize('total_frames', [7, 30, 64, 301])
def test_uniform_clips_are_those_of_mmaction(total_frames):
    """With D = 1; else its clips end (T-1) D + 1 after their start."""
    theirs = SampleFrames(8, num_clips=10, test_mode=True)(
        dict(total_frames=total_frames, start_index=0)
    )
    ours = sample(SampleUniformClips(8, 1, 10), total_frames)
    np.testing.assert_array_equal(ours['frame_inds'], theirs['frame_inds'])


@pytest.mark.parametrize(
    'sampler',
    [
        SampleSeparatedClips(4, 2, 3),
        SampleDecayingClips(4, 2),
        SampleUniformClips(4, 2, 3),
    ],
)
def test_what_samplers_write(sampler):
    np.random.seed(3)
    results = sample(sampler, 50, avg_fps=12.5)
    num_clips = sampler.num_clips
    assert results['num_clips'] == num_clips
    assert results['clip_len'] == 4
    assert results['frame_inds'].dtype == np.int64
    assert results['frame_inds'].shape == (4 * num_clips,)
    assert results['clip_start'].dtype == np.int64
    assert results['frame_interval'].tolist() == [2] * num_clips
    assert results['clip_time'].dtype == np.float32
    np.testing.assert_allclose(
        results['clip_time'], results['clip_start'] / 12.5, rtol=1e-6
    )


@pytest.mark.parametrize('avg_fps', [0, None])
def test_time_is_absent_where_the_frame_rate_is_unknown(avg_fps):
    results = sample(SampleUniformClips(4), 50, avg_fps=avg_fps)
    assert 'clip_time' not in results
    assert 'clip_start' in results


def test_a_sampler_can_have_an_interval_per_clip():
    """As pace prediction needs it: only what differs is overridden."""

    class Paces(ClipSampler):
        def sample_starts(self, total_frames):
            return np.array([0, 3])

        def sample_intervals(self):
            return np.array([1, 4])

    results = sample(Paces(3, num_clips=2), 20)
    assert results['frame_inds'].tolist() == [0, 1, 2, 3, 7, 11]
    assert results['frame_interval'].tolist() == [1, 4]


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match='clip_len must be an int >= 1'):
        SampleSeparatedClips(0)
    with pytest.raises(ValueError, match=r'frame_interval .* got 0\.5'):
        SampleUniformClips(8, 0.5)
    with pytest.raises(ValueError, match='must be 2, got 4'):
        SampleDecayingClips(8, 1, num_clips=4)
    with pytest.raises(ValueError, match="'repeat_last' or 'loop', got 'no'"):
        SampleSeparatedClips(8, out_of_bound_opt='no')
    with pytest.raises(ValueError, match='total_frames must be >= 1, got 0'):
        sample(SampleUniformClips(8), 0)

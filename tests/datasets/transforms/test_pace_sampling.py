"""Clips of several paces (Pace Prediction, Section 3.2)."""

from fractions import Fraction

import numpy as np
import pytest

from vsslcodebase.datasets.transforms import PackClips, SamplePaceClips


def sample(sampler, total_frames, seed=0):
    np.random.seed(seed)
    return sampler(dict(total_frames=total_frames, avg_fps=10.0))


@pytest.mark.parametrize(
    ('total_frames', 'start', 'pace', 'expected'),
    [
        # after the end comes frame 0, not what modulo would give
        (10, 7, 3, [7, 0, 3, 6, 9, 0, 3, 6]),
        (10, 9, 1, [9, 0, 1, 2, 3]),
        (3, 1, 4, [1, 0, 0, 0, 0]),
        (10, 8, 1 / 2, [8, 8, 9, 9, 0, 0, 1]),
        (10, 0, 1 / 3, [0, 0, 0, 1, 1, 1, 2]),
        (1, 0, 2, [0, 0, 0]),
    ],
)
def test_frames_of_a_clip(total_frames, start, pace, expected):
    sampler = SamplePaceClips(len(expected))
    indices = sampler.frame_indices(
        np.array([start]), np.array([float(pace)]), total_frames
    )
    assert indices.tolist() == [expected]


def test_thirds_are_exact_however_long_the_clip():
    sampler = SamplePaceClips(999)
    indices = sampler.frame_indices(np.zeros(1, int), np.array([1 / 3]), 400)
    assert indices[0].tolist() == [k // 3 for k in range(999)]


def test_paces_and_starts_are_uniform_and_independent():
    sampler = SamplePaceClips(4, ('1/3', 0.5, 1, 2, 3), num_clips=3000)
    results = sample(sampler, total_frames=6)
    counts = np.zeros((5, 6))
    np.add.at(counts, (results['pace_label'], results['clip_start']), 1)
    # 100 expected in each of 30 cells; chi square with 29 degrees of freedom
    assert ((counts - 100) ** 2 / 100).sum() < 58  # p = 0.001
    paces = np.array([1 / 3, 1 / 2, 1, 2, 3])
    np.testing.assert_array_equal(
        results['frame_interval'], paces[results['pace_label']]
    )
    np.testing.assert_allclose(
        results['clip_time'], results['clip_start'] / 10, rtol=1e-6
    )


@pytest.mark.parametrize('total_frames', [1, 2, 9, 30])
def test_clips_that_jump_to_the_beginning_are_told(total_frames):
    sampler = SamplePaceClips(5, ('1/2', 1, 2, 3), num_clips=200)
    results = sample(sampler, total_frames)
    clips = results['frame_inds'].reshape(200, 5)
    assert clips.min() >= 0
    assert clips.max() < total_frames
    for clip, wraps, pace in zip(
        clips, results['clip_wraps'], results['frame_interval']
    ):
        straight = clip[0] + np.floor(np.arange(5) * pace + 1e-6)
        assert wraps == (straight != clip).any()


def test_fields_reach_the_data_sample():
    results = sample(SamplePaceClips(2, (1, 3), num_clips=4), 20)
    packed = PackClips()(
        {**results, 'imgs': [np.zeros((2, 2, 3), np.uint8)] * 8}
    )
    fields = packed['data_samples']
    assert fields.pace_label.tolist() == results['pace_label'].tolist()
    assert fields.clip_wraps.tolist() == results['clip_wraps'].tolist()
    assert fields.metainfo['num_paces'] == 2
    assert set(fields.frame_interval.tolist()) <= {1.0, 3.0}


@pytest.mark.parametrize('third', ['1/3', 1 / 3, 0.3333333333])
def test_a_third_may_be_written_in_full(third):
    assert SamplePaceClips(8, (third,)).paces == [Fraction(1, 3)]


@pytest.mark.parametrize('pace', [0.333, 0.3333, '0.3333', 2.0005, 1 / 65])
def test_what_is_only_near_a_pace_is_refused(pace):
    with pytest.raises(ValueError, match=r"as '1/3'; got .*[35]"):
        SamplePaceClips(8, (1, pace))


@pytest.mark.parametrize('pace', [0, -1, 1.5, 2 / 3, 'fast', None, np.inf])
def test_a_pace_that_shows_no_frames_evenly_is_refused(pace):
    with pytest.raises(ValueError, match='a pace must be a whole number >= 1'):
        SamplePaceClips(8, (1, pace))


def test_wrong_lists_of_paces_are_refused():
    with pytest.raises(ValueError, match='at least one pace, got none'):
        SamplePaceClips(8, [])
    with pytest.raises(ValueError, match=r'must differ, got \[1, 2, 1.0\]'):
        SamplePaceClips(8, [1, 2, 1.0])
    with pytest.raises(ValueError, match='must be a list of paces, got 4'):
        SamplePaceClips(8, 4)

"""Clips of several placements from one video."""

import numpy as np
import pytest

from vsslcodebase.datasets.transforms import (
    SamplePlacedClips,
    SampleUniformClips,
)
from vsslcodebase.datasets.transforms.placed_sampling import slices_of


def starts(total, placements, clip_len=4, frame_interval=2):
    sampler = SamplePlacedClips(clip_len, frame_interval, placements)
    return sampler.transform(dict(total_frames=total))['clip_start'].tolist()


@pytest.mark.parametrize('total', [3, 8, 9, 50])
def test_numbers_are_the_clips_of_the_uniform_sampler(total):
    for number in (1, 2, 10):
        uniform = SampleUniformClips(4, 2, number)
        expected = uniform.transform(dict(total_frames=total))
        found = SamplePlacedClips(4, 2, [number]).transform(
            dict(total_frames=total)
        )
        assert found.keys() == expected.keys()
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize(
    ('total', 'expected'),
    # span 8, step 3; as range(0, total - 8 + 1, 3)
    [(20, [0, 3, 6, 9, 12]), (19, [0, 3, 6, 9]), (8, [0]), (5, [0])],
)
def test_windows_share_a_little_more_than_half(total, expected):
    assert starts(total, ['windows']) == expected


def test_windows_of_coclr():
    # 32 frames of a video of 100: step 15
    found = starts(100, ['windows'], clip_len=32, frame_interval=1)
    assert found == [0, 15, 30, 45, 60]


def test_placements_follow_each_other():
    placements = (2, 'windows', 1)
    found = starts(20, placements)
    assert found == [0, 12, 0, 3, 6, 9, 12, 6]
    cuts = slices_of(placements, len(found))
    assert found[cuts['windows']] == [0, 3, 6, 9, 12]
    assert found[cuts[1]] == [6]
    results = SamplePlacedClips(4, 2, placements).transform(
        dict(total_frames=20)
    )
    assert results['num_clips'] == 8
    assert results['frame_interval'].tolist() == [2] * 8
    assert results['frame_inds'].reshape(8, 4)[3].tolist() == [3, 5, 7, 9]


def test_a_span_of_two_frames_has_windows():
    assert starts(4, ['windows'], clip_len=2, frame_interval=1) == [0, 1, 2]


@pytest.mark.parametrize('bad', [(), (1, 1), (0,), ('all',), (2.5,)])
def test_no_placements(bad):
    with pytest.raises(ValueError, match='placement'):
        SamplePlacedClips(4, 2, bad)


@pytest.mark.parametrize(
    ('placements', 'count'), [([2], 3), ([2], 1), ([2, 'windows'], 2)]
)
def test_other_numbers_of_clips_are_an_error(placements, count):
    with pytest.raises(ValueError, match='are not those of the placements'):
        slices_of(placements, count)

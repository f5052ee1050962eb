"""Which frames are shown, in which order."""

import pytest
import torch

from vsslcodebase.evaluation.probe_controls import (
    in_order,
    pace_windows,
    uniform_windows,
)


def test_ordinary_clips_are_those_of_the_evaluation():
    windows = uniform_windows(48, 8, 2, 4)
    assert windows[:, 0].tolist() == [0, 11, 21, 32]
    assert windows[1].tolist() == list(range(11, 27, 2))


@pytest.mark.parametrize(('length', 'frames'), [(48, 8), (48, 7), (29, 8)])
def test_paces_share_their_middle_frame_and_never_jump(length, frames):
    windows = pace_windows(50, length, frames, 3)
    assert list(windows) == [1, 2, 3, 4]
    for pace, own in windows.items():
        assert own.shape == (50, 3, frames)
        assert (own.diff(dim=-1) == pace).all()
        assert own.min() >= 0
        assert own.max() < length
        middle = own[..., frames // 2]
        assert torch.equal(middle, windows[1][..., frames // 2])
    # the widest clips take all of the video
    assert windows[4].min() == 0
    assert windows[4].max() == length - 1


def test_places_depend_on_seed_and_video_alone():
    few, many = (pace_windows(n, 48, 8, 2, seed=1)[3] for n in (5, 9))
    assert torch.equal(few, many[:5])
    assert not torch.equal(few, pace_windows(5, 48, 8, 2, seed=2)[3])


def test_paces_that_do_not_fit_are_left_out():
    assert list(pace_windows(3, 28, 8, 2)) == [1, 2, 3]
    assert list(pace_windows(3, 8, 8, 2)) == [1]
    assert pace_windows(3, 7, 8, 2) == {}


def test_orders():
    windows = torch.arange(24).view(1, 3, 8).expand(5, -1, -1)
    assert torch.equal(in_order(windows, 'played'), windows)
    backwards = in_order(windows, 'reversed')
    assert backwards[2, 0].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert in_order(windows, 'frozen')[2, 1].tolist() == [12] * 8
    shuffled = in_order(windows, 'shuffled')
    assert torch.equal(shuffled.sort(-1).values, windows)
    assert len({tuple(row.tolist()) for row in shuffled[:, 0]}) == 5


def test_shuffling_depends_on_seed_and_video_alone():
    windows = torch.arange(8).expand(6, 2, -1)
    shuffled = in_order(windows, 'shuffled', seed=3)
    assert torch.equal(in_order(windows[:4], 'shuffled', seed=3), shuffled[:4])
    assert not torch.equal(in_order(windows, 'shuffled', seed=4), shuffled)


def test_an_unknown_order_is_named():
    with pytest.raises(ValueError, match=r"one of .*'played'.*got 'sorted'"):
        in_order(torch.zeros(1, 1, 2), 'sorted')

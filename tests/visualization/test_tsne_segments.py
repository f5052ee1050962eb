from __future__ import annotations

import builtins

import cv2
import numpy as np
import pytest
import torch

from vsslcodebase.engine.video_segments import VideoSegments
from vsslcodebase.visualization.tsne_segments import (
    draw_segments,
    places_around,
    tsne_layout,
)


@pytest.fixture(scope='module')
def two_groups():
    """Twelve features near one direction, twelve near another."""
    torch.manual_seed(0)
    features = 0.1 * torch.randn(24, 16)
    features[:12, 0] += 1
    features[12:, 1] += 1
    return features


def video(count, name='a.mp4', size=(8, 12)):
    frames = np.full((count, *size, 3), 200, np.uint8)
    return VideoSegments(
        name, torch.zeros(count, 4), torch.arange(count) / 2, None, frames
    )


def test_layout_keeps_groups_apart_and_depends_on_the_seed_alone(two_groups):
    layout = tsne_layout(two_groups, seed=3)
    assert layout.shape == (24, 2)
    apart = np.linalg.norm(layout[:, None] - layout, axis=-1)
    np.fill_diagonal(apart, np.inf)
    group = np.arange(24) // 12
    assert (group[apart.argmin(1)] == group).all()
    assert np.array_equal(layout, tsne_layout(two_groups, seed=3))


def test_layout_does_not_see_lengths(two_groups):
    # powers of two: exact in floating point
    lengths = 2.0 ** (torch.arange(24) % 5)[:, None]
    assert np.array_equal(
        tsne_layout(two_groups), tsne_layout(two_groups * lengths)
    )


def test_three_points_are_enough_and_two_are_not(two_groups):
    assert np.isfinite(tsne_layout(two_groups[:3])).all()
    with pytest.raises(ValueError, match='3 segments or more'):
        tsne_layout(two_groups[:2])


def test_missing_scikit_learn_is_told(monkeypatch, two_groups):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name.startswith('sklearn'):
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', absent)
    with pytest.raises(ValueError, match=r'vsslcodebase\[vis\]'):
        tsne_layout(two_groups)


def test_places_lie_on_the_square_apart_and_in_the_points_direction():
    towards = np.array([[0.9, 0.5], [0.5, 0.8], [0.1, 0.5], [0.5, 0.2]])
    places = places_around(towards, margin=0.1)
    np.testing.assert_allclose(
        places, [[0.9, 0.5], [0.5, 0.9], [0.1, 0.5], [0.5, 0.1]], atol=1e-9
    )
    crowd = places_around(np.full((10, 2), 0.7), margin=0.1)
    np.testing.assert_allclose(abs(crowd - 0.5).max(1), 0.4)
    apart = np.linalg.norm(crowd[:, None] - crowd, axis=-1)
    assert apart[~np.eye(10, dtype=bool)].min() > 0.1


def test_picture_shows_frames_and_a_hue_for_each_video(tmp_path):
    layout = np.random.default_rng(0).normal(size=(9, 2))
    videos = [video(4), video(5, 'a long $name$ with a sign of money.mp4')]
    draw_segments(tmp_path / 'a.png', videos, layout)
    draw_segments(tmp_path / 'b.png', videos, layout, num_thumbnails=0)
    with_frames, without = (
        cv2.imread(str(tmp_path / f'{name}.png')).astype(int) for name in 'ab'
    )
    frame = (with_frames == 200).all(-1).sum()
    assert frame > 6 * 1000 > (without == 200).all(-1).sum()
    blue, _, red = np.moveaxis(without, -1, 0)
    assert (blue > red + 60).any()  # the first video
    assert (red > blue + 60).any()  # the second


def test_a_single_video_and_more_than_there_are_hues_are_drawn(tmp_path):
    layout = np.random.default_rng(0).normal(size=(24, 2))
    draw_segments(tmp_path / 'a.png', [video(24)], layout)
    many = [video(3, f'{n}.mp4') for n in range(8)]
    draw_segments(tmp_path / 'b.png', many, layout)
    assert all((tmp_path / f'{name}.png').stat().st_size for name in 'ab')


def test_a_layout_of_other_length_is_told(tmp_path):
    with pytest.raises(ValueError, match=r'expected a layout \(5, 2\)'):
        draw_segments(tmp_path / 'a.png', [video(5)], np.zeros((4, 2)))

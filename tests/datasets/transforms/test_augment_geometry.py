"""Crops and flips: distributions of boxes, pixels, and labels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vsslcodebase.datasets.transforms import (
    ClipFlip,
    ClipRandomResizedCrop,
    ClipResizedRandomCrop,
)


@pytest.fixture
def frames():
    rng = np.random.default_rng(0)
    imgs = list(rng.integers(0, 256, (3, 24, 32, 3), dtype=np.uint8))
    for img in imgs:
        img.flags.writeable = False  # as the decoder gives it
    return imgs


def test_boxes_have_the_area_and_aspect_asked_for():
    crop = ClipRandomResizedCrop(8, (0.3, 0.6), (0.5, 2.0))
    height, width = 500, 600
    np.random.seed(0)
    boxes = np.array([crop.sample_box(height, width) for _ in range(4000)])
    top, left, box_height, box_width = boxes.T
    assert top.min() >= 0
    assert left.min() >= 0
    assert (top + box_height).max() <= height
    assert (left + box_width).max() <= width
    area = box_height * box_width / (height * width)
    assert 0.298 < area.min() < 0.305
    assert 0.595 < area.max() < 0.602
    aspect = box_width / box_height
    assert 0.49 < aspect.min() < 0.55
    assert 1.9 < aspect.max() < 2.01
    # log-uniform: wide as often as high; the place uniform
    assert np.mean(aspect > 1) == pytest.approx(0.5, abs=0.05)
    freedom = height - box_height
    assert np.mean(top[freedom > 0] / freedom[freedom > 0]) == pytest.approx(
        0.5, abs=0.02
    )


@pytest.mark.parametrize(
    ('height', 'width', 'expected'),
    [
        (10, 200, (0, 90, 10, 20)),  # wider than 2: cut left and right
        (200, 10, (90, 0, 20, 10)),  # higher than 2: cut above and below
        (7, 1, (2, 0, 2, 1)),
    ],
)
def test_fallback_is_the_largest_central_box(height, width, expected):
    crop = ClipRandomResizedCrop(8, (1.0, 1.0), (0.5, 2.0))
    assert crop.sample_box(height, width) == expected


@pytest.mark.parametrize(('align', 'size'), [(1, (57, 71)), (2, (56, 70))])
def test_boxes_lie_on_the_grid_and_reach_all_of_it(align, size):
    crop = ClipRandomResizedCrop(8, (0.3, 0.9), (0.5, 2.0), align=align)
    np.random.seed(0)
    boxes = np.array([crop.sample_box(*size) for _ in range(3000)])
    assert (boxes % align == 0).all()
    assert len(np.unique(boxes[:, 0])) > 12  # many rows and columns begin one
    ends = boxes[:, :2] + boxes[:, 2:]
    assert boxes[:, :2].min() == 0
    np.testing.assert_array_equal(ends.max(0), size)
    if align == 1:
        assert (boxes % 2 == 1).any(0).all()


def test_fallback_on_a_coarse_grid_stays_within_the_frame():
    crop = ClipRandomResizedCrop(8, (0.3, 1.0), (0.5, 0.91), align=4)
    assert crop._central_box(7, 7) == (0, 0, 7, 4)


def test_fallback_is_the_whole_frame_where_its_aspect_is_allowed():
    """Area 1 leaves the frame itself, hit only by its exact aspect."""
    crop = ClipRandomResizedCrop(8, (1.0, 1.0), (0.5, 1.9))
    np.random.seed(0)
    assert crop.sample_box(37, 53) == (0, 0, 37, 53)


def test_crop_takes_the_same_pixels_of_all_frames(frames, monkeypatch):
    crop = ClipRandomResizedCrop((6, 10))
    monkeypatch.setattr(crop, 'sample_box', lambda h, w: (3, 5, 6, 10))
    results = crop(dict(imgs=frames))
    assert results['img_shape'] == (6, 10)
    for img, cropped in zip(frames, results['imgs']):
        np.testing.assert_array_equal(cropped, img[3:9, 5:15])


def test_resizing_is_bilinear():
    """Twice as wide: samples at a quarter and three quarters of a pixel."""
    ramp = np.repeat(np.array([0, 100, 200], np.uint8), 3).reshape(1, 3, 3)
    crop = ClipRandomResizedCrop((1, 6), (1, 1), (3, 3))
    resized = crop(dict(imgs=[ramp]))['imgs'][0]
    assert resized[0, :, 0].tolist() == [0, 25, 75, 125, 175, 200]


def test_next_clip_gets_another_crop(frames):
    np.random.seed(0)
    crop = ClipRandomResizedCrop(8)
    crops = [crop(dict(imgs=frames))['imgs'][0].tobytes() for _ in range(20)]
    assert len(set(crops)) == 20


def test_flip_mirrors_all_frames_or_none(frames):
    np.random.seed(0)
    num_flipped = 0
    for _ in range(300):
        imgs = ClipFlip()(dict(imgs=frames))['imgs']
        flipped = [
            np.array_equal(new, old[:, ::-1]) for new, old in zip(imgs, frames)
        ]
        kept = [np.array_equal(new, old) for new, old in zip(imgs, frames)]
        assert all(flipped) or all(kept)
        num_flipped += all(flipped)
    assert num_flipped / 300 == pytest.approx(0.5, abs=0.08)


def test_flip_exchanges_left_and_right_classes(frames):
    flip = ClipFlip(1, flip_label_map={86: 87, 87: 86})
    for label, expected in ((86, 87), (87, 86), (5, 5), (-1, -1)):
        results = flip(dict(imgs=frames, label=label, num_clips=1))
        assert results['label'] == expected
    kept = ClipFlip(0, flip_label_map={86: 87})(dict(imgs=frames, label=86))
    assert kept['label'] == 86
    unmapped = ClipFlip(1)(dict(imgs=frames, label=86, num_clips=4))
    assert unmapped['label'] == 86


def test_several_clips_cannot_change_the_label(frames):
    flip = ClipFlip(0.01, flip_label_map={1: 2})
    with pytest.raises(ValueError, match='num_clips=4'):
        flip(dict(imgs=frames, label=1, num_clips=4))


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match='area_range must be ascending'):
        ClipRandomResizedCrop(8, area_range=(0.5, 1.5))
    with pytest.raises(ValueError, match='aspect_range must be ascending'):
        ClipRandomResizedCrop(8, aspect_range=(2, 1))
    with pytest.raises(ValueError, match='size must be'):
        ClipRandomResizedCrop((8, 0))
    with pytest.raises(TypeError, match="got '86': 87"):
        ClipFlip(flip_label_map={'86': 87})
    with pytest.raises(ValueError, match=r'prob .* got 7'):
        ClipFlip(7)


def test_stretched_frames_give_windows_at_all_places():
    crop = ClipResizedRandomCrop(scale=(6, 8), size=(4, 5))
    rows, columns = np.mgrid[:12, :16].astype(np.uint8)
    frame = np.dstack([rows * 10, columns * 10, rows * 0])
    stretched = cv2.resize(frame, (8, 6))
    np.random.seed(0)
    seen = set()
    for _ in range(200):
        first, second = crop(dict(imgs=[frame, frame]))['imgs']
        np.testing.assert_array_equal(first, second)
        matches = [
            (top, left)
            for top in range(3)
            for left in range(4)
            if np.array_equal(first, stretched[top : top + 4, left : left + 5])
        ]
        assert len(matches) == 1
        seen.update(matches)
    assert len(seen) == 12


def test_a_window_larger_than_the_frame_is_refused():
    with pytest.raises(ValueError, match='size must fit into scale'):
        ClipResizedRandomCrop(scale=(100, 200), size=112)

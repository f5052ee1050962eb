from __future__ import annotations

import cv2
import numpy as np
import pytest

from vsslcodebase.datasets.transforms import ClipScaledRandomCrop
from vsslcodebase.datasets.transforms.clip_plan import ClipPlan

ROWS, COLUMNS = np.mgrid[:10, :15].astype(np.uint8)
FRAME = np.dstack([ROWS * 20, COLUMNS * 15, ROWS * 3 + COLUMNS * 9])


def test_windows_of_all_scales_at_all_places():
    crop = ClipScaledRandomCrop(scale_range=(6, 8), size=(5, 6))
    scaled = {
        side: cv2.resize(FRAME, (round(15 * side / 10), side))
        for side in (6, 7, 8)
    }
    np.random.seed(0)
    sides, seen = [], set()
    for _ in range(1500):
        first, second = crop(dict(imgs=[FRAME, FRAME]))['imgs']
        np.testing.assert_array_equal(first, second)
        matches = [
            (side, top, left)
            for side, image in scaled.items()
            for top in range(image.shape[0] - 4)
            for left in range(image.shape[1] - 5)
            if np.array_equal(first, image[top : top + 5, left : left + 6])
        ]
        assert len(matches) == 1
        sides.append(matches[0][0])
        seen.update(matches)
    # 6x9: 2 * 4 places; 7x10: 3 * 5; 8x12: 4 * 7
    assert len(seen) == 8 + 15 + 28
    counts = np.bincount(sides)[6:]
    np.testing.assert_allclose(counts / 1500, 1 / 3, atol=0.05)


@pytest.mark.parametrize('frame_size', [(100, 176), (240, 135), (256, 256)])
def test_the_long_side_follows_the_short_one(frame_size):
    crop = ClipScaledRandomCrop((256, 340), 224)
    for seed in range(20):
        np.random.seed(seed)
        height, width = crop.draw_scale(frame_size)
        assert 256 <= min(height, width) <= 340
        exact = min(height, width) * max(frame_size) / min(frame_size)
        assert abs(max(height, width) - exact) <= 0.5
        assert (height > width) == (frame_size[0] > frame_size[1])


def test_the_plan_is_what_the_plain_form_does():
    crop = ClipScaledRandomCrop((12, 20), 8)
    for seed in range(5):
        np.random.seed(seed)
        plan = ClipPlan((10, 15), 2)
        crop.plan(plan)
        np.random.seed(seed)
        scale, (top, left) = crop.draw((10, 15))
        expected = (top, left, 8, 8) / np.array([*scale, *scale])
        parts = plan.box / np.array([10, 15, 10, 15])
        np.testing.assert_allclose(parts, expected)
        assert plan.size == (8, 8)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r'ascending, got \(320, 256\)'):
        ClipScaledRandomCrop((320, 256))
    with pytest.raises(ValueError, match='size must fit into scale'):
        ClipScaledRandomCrop((200, 320), 224)
    assert repr(ClipScaledRandomCrop()) == (
        'ClipScaledRandomCrop(scale_range=(256, 320), size=(224, 224))'
    )

"""Colour changes against slow references in Python's own arithmetic."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from vsslcodebase.datasets.transforms import (
    ClipColorJitter,
    ClipGrayscale,
)
from vsslcodebase.datasets.transforms.augment_colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    to_grey,
)

WEIGHTS = np.array([0.299, 0.587, 0.114])


@pytest.fixture
def clip():
    return np.random.default_rng(0).integers(
        0, 256, (3, 10, 14, 3), dtype=np.uint8
    )


def rounded(values):
    return np.clip(np.rint(values), 0, 255)


def blended(clip, other, factor):
    """torchvision's definition of brightness, contrast and saturation."""
    return rounded(factor * clip.astype(float) + (1 - factor) * other)


def check_close(actual, expected, tolerance=0):
    assert actual.dtype == np.uint8
    assert np.abs(actual.astype(float) - expected).max() <= tolerance


@pytest.mark.parametrize('factor', [0.0, 0.3, 1.0, 1.8])
class TestBlending:
    def test_brightness_blends_with_black(self, clip, factor):
        check_close(adjust_brightness(clip, factor), blended(clip, 0, factor))

    def test_contrast_blends_with_the_mean_grey_of_the_clip(
        self, clip, factor
    ):
        mean = (clip @ WEIGHTS).mean()
        expected = blended(clip, mean, factor)
        check_close(adjust_contrast(clip, factor), expected)

    def test_saturation_blends_with_the_grey_of_the_pixel(self, clip, factor):
        grey = (clip @ WEIGHTS)[..., None]
        # 1: OpenCV computes in fixed point
        expected = blended(clip, grey, factor)
        check_close(adjust_saturation(clip, factor), expected, tolerance=1)


def test_contrast_by_hand():
    clip = np.zeros((2, 1, 1, 3), np.uint8)
    clip[1] = 100  # mean grey of the clip: 50
    changed = adjust_contrast(clip, 0.5)
    assert changed[:, 0, 0].tolist() == [[25] * 3, [75] * 3]


@pytest.mark.parametrize('turn', [-0.5, -0.2, -0.01, 0.0, 0.07, 0.5])
def test_hue_is_turned_as_colorsys_does(clip, turn):
    expected = np.empty(clip.shape)
    for place in np.ndindex(clip.shape[:3]):
        hue, saturation, value = colorsys.rgb_to_hsv(*(clip[place] / 255))
        turned = colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)
        expected[place] = np.rint(np.multiply(turned, 255))
    # 1: float32 rounds differently close to a half
    check_close(adjust_hue(clip, turn), expected, tolerance=1)


def test_hue_by_hand():
    """A third of a turn makes red green, and green blue."""
    clip = np.array([[255, 0, 0], [0, 200, 0], [9, 9, 9]], np.uint8)
    turned = adjust_hue(clip.reshape(1, 1, 3, 3), 1 / 3)
    assert turned[0, 0].tolist() == [[0, 255, 0], [0, 0, 200], [9, 9, 9]]


def test_grey_is_the_luma_in_all_channels(clip):
    grey = rounded(clip @ WEIGHTS)
    expected = np.repeat(grey[..., None], 3, axis=-1)
    check_close(to_grey(clip), expected, tolerance=1)


def jitter_draws(jitter, num_draws=300):
    np.random.seed(0)
    return [jitter.draw() for _ in range(num_draws)]


def test_jitter_draws_order_and_amounts_anew():
    draws = jitter_draws(ClipColorJitter(prob=1))
    orders = {tuple(name for name, _ in draw) for draw in draws}
    assert len(orders) == 24  # all orders of the four
    amounts = {name: [] for name, _ in draws[0]}
    for draw in draws:
        for name, amount in draw:
            amounts[name].append(amount)
    for name, values in amounts.items():
        low, high = (-0.2, 0.2) if name == 'hue' else (0.2, 1.8)
        margin = 0.05 * (high - low)
        assert low <= min(values) < low + margin
        assert high - margin < max(values) <= high


def test_strength_above_one_does_not_draw_negative_factors():
    draws = jitter_draws(ClipColorJitter(1, brightness=1.5))
    factors = [dict(draw)['brightness'] for draw in draws]
    assert 0 <= min(factors) < 0.1
    assert 2.4 < max(factors) <= 2.5


@pytest.mark.parametrize(
    ('transform', 'prob'), [(ClipColorJitter(), 0.8), (ClipGrayscale(), 0.2)]
)
def test_happens_with_the_probability_for_all_frames_or_none(
    clip, transform, prob
):
    np.random.seed(0)
    num_changed = 0
    for _ in range(400):
        imgs = transform(dict(imgs=list(clip)))['imgs']
        changed = [not np.array_equal(*pair) for pair in zip(imgs, clip)]
        assert len(set(changed)) == 1
        num_changed += changed[0]
    assert num_changed / 400 == pytest.approx(prob, abs=0.06)


def test_equal_frames_stay_equal_and_the_input_is_untouched(clip):
    frame = clip[0]
    frame.flags.writeable = False  # as the decoder gives it
    before = frame.copy()
    np.random.seed(1)
    for _ in range(10):
        imgs = ClipColorJitter(prob=1)(dict(imgs=[frame] * 4))['imgs']
        for img in imgs[1:]:
            np.testing.assert_array_equal(img, imgs[0])
    np.testing.assert_array_equal(frame, before)


def test_jitter_does_not_flicker_when_a_bright_object_enters():
    """One mapping of values for the whole clip: the background is constant."""
    clip = np.full((4, 8, 8, 3), 60, np.uint8)
    clip[2:, 4:] = 250
    np.random.seed(0)
    for _ in range(20):
        imgs = ClipColorJitter(prob=1)(dict(imgs=list(clip)))['imgs']
        corners = {tuple(img[0, 0].tolist()) for img in imgs}
        assert len(corners) == 1


def test_jitter_per_frame_is_drawn_for_each(clip):
    jitter = ClipColorJitter(prob=0.5, per='frame')
    np.random.seed(2)
    alone = [
        ClipColorJitter(prob=0.5)(dict(imgs=[frame]))['imgs'][0]
        for frame in clip
    ]
    np.random.seed(2)
    together = jitter(dict(imgs=list(clip)))['imgs']
    np.testing.assert_array_equal(together, alone)
    changed = [not np.array_equal(*pair) for pair in zip(together, clip)]
    assert 0 < sum(changed) < len(changed)  # the probability is per frame


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r'hue must be in \[0, 0.5\], got 1'):
        ClipColorJitter(hue=1)
    with pytest.raises(ValueError, match=r'must be >= 0, got 0\.8, -1'):
        ClipColorJitter(contrast=-1)
    with pytest.raises(ValueError, match=r'prob .* got 2'):
        ClipColorJitter(prob=2)
    with pytest.raises(ValueError, match=r'prob .* got -1'):
        ClipGrayscale(prob=-1)
    with pytest.raises(ValueError, match="'clip' or 'frame', got 'video'"):
        ClipColorJitter(per='video')

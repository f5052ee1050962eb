"""Colours as matrices, against formulas written out and the exact changes."""

import colorsys

import numpy as np
import pytest

from vsslcodebase.datasets.transforms.augment_colour import change_colours
from vsslcodebase.datasets.transforms.clip_plan import ColourChange
from vsslcodebase.datasets.transforms.colour_matrix import (
    affine,
    colour_matrix,
    compose,
)

RGB = affine(np.eye(3))
LUMA = np.array([0.299, 0.587, 0.114])


def apply(matrix, pixels):
    return pixels @ matrix[:, :3].T + matrix[:, 3]


@pytest.fixture
def pixels():
    """Muted colours, so that no change leaves 0..255: (50, 3)."""
    return np.random.default_rng(0).integers(90, 150, (50, 3))


def one(name, amount, pixels):
    changes = [ColourChange(name, amount)]
    matrix = colour_matrix(changes, RGB, pixels.mean(0))
    return apply(matrix, pixels)


def test_each_change_is_its_formula(pixels):
    grey = (pixels @ LUMA)[:, None]
    mean = (pixels @ LUMA).mean()
    for name, amount, expected in [
        ('brightness', 1.3, 1.3 * pixels),
        ('contrast', 0.4, 0.4 * pixels + 0.6 * mean),
        ('saturation', 1.6, 1.6 * pixels - 0.6 * grey),
        ('grey', 0.0, np.repeat(grey, 3, 1)),
    ]:
        np.testing.assert_allclose(one(name, amount, pixels), expected)


@pytest.mark.parametrize('name', ['brightness', 'contrast', 'saturation'])
@pytest.mark.parametrize('amount', [0.3, 1.0, 1.4])
def test_equals_the_exact_change_where_nothing_is_clipped(
    pixels, name, amount
):
    clip = pixels.astype(np.uint8).reshape(2, 5, 5, 3)
    exact = change_colours(clip, [ColourChange(name, amount)])
    difference = one(name, amount, pixels) - exact.reshape(-1, 3)
    assert np.abs(difference).max() <= 0.75  # OpenCV rounds the exact one


def test_a_chain_is_one_matrix_and_contrast_sees_what_came_before(pixels):
    changes = [
        ColourChange('brightness', 0.6),
        ColourChange('hue', 0.07),
        ColourChange('contrast', 1.5),
        ColourChange('saturation', 0.5),
    ]
    expected = pixels.astype(float)
    for change in changes:
        expected = one(*change, expected)
    matrix = colour_matrix(changes, RGB, pixels.mean(0))
    np.testing.assert_allclose(apply(matrix, pixels), expected)


def test_starts_from_any_colour_space(pixels):
    """YUV made of the pixels, and the way back, change nothing."""
    rng = np.random.default_rng(1)
    to_yuv = np.hstack([rng.random((3, 3)) + np.eye(3), rng.random((3, 1))])
    inverse = np.linalg.inv(to_yuv[:, :3])
    to_rgb = np.column_stack([inverse, -inverse @ to_yuv[:, 3]])
    yuv = apply(to_yuv, pixels)
    changes = [ColourChange('contrast', 0.5), ColourChange('hue', 0.1)]
    direct = colour_matrix(changes, RGB, pixels.mean(0))
    through = colour_matrix(changes, to_rgb, yuv.mean(0))
    np.testing.assert_allclose(apply(through, yuv), apply(direct, pixels))


def test_hue_keeps_luma_and_grey(pixels):
    for turn in (-0.2, 0.05, 0.5):
        turned = one('hue', turn, pixels)
        # YIQ's published coefficients are rounded to three places.
        np.testing.assert_allclose(turned @ LUMA, pixels @ LUMA, atol=0.2)
        np.testing.assert_allclose(
            one('hue', turn, np.full((1, 3), 77)), 77, atol=0.2
        )


def test_hue_turns_back_and_all_around(pixels):
    turned = one('hue', 0.13, pixels)
    np.testing.assert_allclose(one('hue', -0.13, turned), pixels)
    np.testing.assert_allclose(one('hue', 1.0, pixels), pixels)


@pytest.mark.parametrize('turn', [-0.2, -0.1, 0.1, 0.2])
def test_hue_turns_in_the_sense_of_hsv_and_by_its_angle_on_average(turn):
    hues = np.arange(0, 1, 1 / 48)
    pixels = np.array([colorsys.hsv_to_rgb(hue, 0.4, 120.0) for hue in hues])
    turned = one('hue', turn, pixels)
    after = np.array([colorsys.rgb_to_hsv(*pixel)[0] for pixel in turned])
    turns = (after - hues + 0.5) % 1 - 0.5
    assert turns.mean() == pytest.approx(turn, abs=0.01)
    # Single colours turn by more or less: the angles of YIQ are not evenly
    # spread over those of HSV.
    assert np.abs(turns - turn).max() < 0.08


def test_compose_does_the_first_first():
    double = affine(2 * np.eye(3))
    add = affine(np.eye(3), 5.0)
    np.testing.assert_array_equal(apply(compose(add, double), np.ones(3)), 7)
    np.testing.assert_array_equal(apply(compose(double, add), np.ones(3)), 12)

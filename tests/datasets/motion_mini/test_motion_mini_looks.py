"""Sprites, backgrounds, nuisances and how they are laid over each other."""

import cv2
import numpy as np
import pytest

from vsslcodebase.datasets.motion_mini.backgrounds import (
    SCENE_FAMILIES,
    draw_background,
)
from vsslcodebase.datasets.motion_mini.compose import color_shape, lay_over
from vsslcodebase.datasets.motion_mini.nuisance import (
    apply_blur,
    apply_grain,
    apply_light,
    band_limited,
    camera_path,
    draw_colors,
)
from vsslcodebase.datasets.motion_mini.sprites import (
    CANVAS,
    SPRITE_CATEGORIES,
    draw_sprite,
)

CATEGORIES = range(len(SPRITE_CATEGORIES))


def rng(seed=0):
    return np.random.default_rng(seed)


def turned(image, degrees):
    centre = ((CANVAS - 1) / 2,) * 2
    move = cv2.getRotationMatrix2D(centre, degrees, 1.0)
    return cv2.warpAffine(image, move, (CANVAS, CANVAS))


def test_there_are_eight_categories_and_eight_families():
    assert len(SPRITE_CATEGORIES) == len(SCENE_FAMILIES) == 8


@pytest.mark.parametrize('category', CATEGORIES)
def test_no_sprite_looks_the_same_after_a_turn(category):
    for seed in range(5):
        sprite = draw_sprite(category, (seed,))
        seen = sprite[..., 0] * sprite[..., 1]
        for degrees in range(30, 360, 30):
            change = np.abs(seen - turned(seen, degrees)).sum()
            assert change > 0.15 * seen.sum(), degrees


def test_silhouettes_differ_more_between_categories_than_within():
    shapes = np.stack(
        [
            [draw_sprite(c, (seed,))[..., 1] for seed in range(6)]
            for c in CATEGORIES
        ]
    )
    within = np.mean([shapes[c].std(axis=0).mean() for c in CATEGORIES])
    between = shapes.mean(axis=1).std(axis=0).mean()
    assert between > 2 * within


def test_categories_share_textures_and_instances_do_not():
    tones = [draw_sprite(c, (7, 3))[..., 0] for c in CATEGORIES]
    for tone in tones[1:]:
        np.testing.assert_array_equal(tone, tones[0])
    other = draw_sprite(0, (7, 4))[..., 0]
    assert np.abs(other - tones[0]).mean() > 0.1


@pytest.mark.parametrize('category', CATEGORIES)
def test_sprites_stay_within_their_canvas(category):
    for seed in range(10):
        alpha = draw_sprite(category, (seed,))[..., 1]
        border = np.concatenate(
            [alpha[[0, -1]].ravel(), alpha[:, [0, -1]].ravel()]
        )
        assert border.max() == 0
        assert 0.1 < alpha.mean() < 0.6


@pytest.mark.parametrize('family', range(8))
@pytest.mark.parametrize('detail', [0.0, 0.6])
def test_margin_extends_a_background_without_moving_it(family, detail):
    plain = draw_background(family, rng(), 32, 0, detail)
    wide = draw_background(family, rng(), 32, 5, detail)
    assert wide.shape == (42, 42)
    np.testing.assert_allclose(wide[5:-5, 5:-5], plain, atol=1e-4)


@pytest.mark.parametrize('family', range(8))
def test_backgrounds_are_tones_with_contrast(family):
    for seed in range(5):
        tones = draw_background(family, rng(seed), 64, 0, 0.0)
        assert tones.min() >= 0
        assert tones.max() <= 1
        assert tones.std() > 0.08


def test_backgrounds_mean_the_same_at_every_size():
    large = draw_background(1, rng(), 128, 0, 0.0)
    small = draw_background(1, rng(), 32, 0, 0.0)
    shrunk = cv2.resize(large, (32, 32), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk - small).mean() < 0.05


def test_shared_colours_are_the_same_for_all_videos():
    shared = [draw_colors(rng(seed), 0.0) for seed in range(2)]
    own = [draw_colors(rng(seed), 1.0) for seed in range(2)]
    half = draw_colors(rng(0), 0.5)
    for name in ('object', 'scene', 'panel'):
        np.testing.assert_array_equal(shared[0][name], shared[1][name])
        assert np.abs(own[0][name] - own[1][name]).max() > 20
        middle = (shared[0][name] + own[0][name]) / 2
        np.testing.assert_allclose(half[name], middle, rtol=1e-5)


def test_shakes_are_bounded_and_band_limited():
    T = 480
    shake = band_limited(rng(), T, 0.1, 2)
    assert shake.shape == (T, 2)
    assert 0.02 < np.abs(shake).max() <= 0.1
    power = np.abs(np.fft.rfft(shake * np.hanning(T)[:, None], axis=0)) ** 2
    assert power[9:].sum() < 1e-3 * power.sum()  # 6 cycles and the window


def test_camera_stays_within_the_margin_and_pans_steadily():
    for seed in range(20):
        path = camera_path(rng(seed), 48, 0.02, 0.2)
        assert np.abs(path).max() <= 0.02 + 0.1
    steps = np.diff(camera_path(rng(), 48, 0.0, 0.2), axis=0)
    np.testing.assert_allclose(steps, [steps[0]] * 47, atol=1e-12)
    assert np.all(camera_path(rng(), 48, 0.0, 0.0) == 0)


def test_light_changes_each_pixel_by_no_more_than_asked():
    frames = np.full((48, 8, 8, 3), 100, np.float32)
    apply_light(rng(), frames, 0.1)
    assert frames.mean(axis=(1, 2, 3)).std() > 0.5  # over time
    assert frames.mean(axis=0).std() > 0.5  # over the frame
    assert frames.min() >= 100 * 0.9 * 0.93 - 1e-3
    assert frames.max() <= 100 * 1.1 * 1.08 + 1e-3


def test_grain_has_the_drawn_deviation_and_is_new_in_each_frame():
    frames = np.full((48, 32, 32, 3), 100, np.float32)
    apply_grain(rng(), frames, 10.0)
    noise = frames - 100
    assert 3.0 <= noise.std() <= 10.0
    np.testing.assert_allclose(noise[..., 0], noise[..., 2], atol=1e-4)
    overlap = (noise[:-1] * noise[1:]).mean() / noise.var()
    assert abs(overlap) < 0.02


def test_blur_spreads_a_point_and_keeps_its_sum():
    frames = np.zeros((2, 33, 33, 3), np.float32)
    frames[:, 16, 16] = 100
    apply_blur(np.random.default_rng(1), frames, 3.0)
    assert frames.max() < 50
    np.testing.assert_allclose(frames.sum(axis=(1, 2)), 100, rtol=1e-3)


def spot_sprite(side=9):
    """An opaque sprite with one white pixel right of its centre."""
    sprite = np.zeros((side, side, 4), np.float32)
    sprite[..., 3] = 1
    sprite[side // 2, side - 2, :3] = 255
    return sprite


def laid(sprite, xy, diameter, angle, side=32):
    frames = np.zeros((1, side, side, 3), np.float32)
    lay_over(
        frames,
        sprite,
        np.array([xy], float),
        np.array([diameter], float),
        np.array([angle], float),
    )
    return frames[0]


def test_unscaled_sprite_lands_on_its_pixels():
    frame = laid(spot_sprite(), (10.5, 20.5), 9, 0)
    y, x = np.unravel_index(frame[..., 0].argmax(), (32, 32))
    assert (x, y) == (13, 20)
    np.testing.assert_allclose(frame[20, 13], 255)


def test_positive_angles_turn_clockwise_on_the_screen():
    frame = laid(spot_sprite(), (10.5, 20.5), 9, 90)
    y, x = np.unravel_index(frame[..., 0].argmax(), (32, 32))
    assert (x, y) == (10, 23)  # from the right to the bottom


def test_centroid_follows_subpixel_positions_and_scales():
    disc = np.ones((64, 64, 4), np.float32) * 255
    disc[..., 3] = 1
    for xy, diameter in [((16.3, 15.1), 10.0), ((12.75, 18.5), 7.4)]:
        frame = laid(disc, xy, diameter, 0)[..., 0] / 255
        y, x = np.mgrid[0:32, 0:32] + 0.5
        centre = (frame * x).sum(), (frame * y).sum()
        np.testing.assert_allclose(
            np.divide(centre, frame.sum()), xy, atol=0.02
        )
        assert frame.sum() == pytest.approx(diameter**2, rel=0.05)


def test_half_coverage_mixes_half_of_each():
    sprite = np.full((8, 8, 4), 0.5 * 200, np.float32)
    sprite[..., 3] = 0.5
    frames = np.full((1, 16, 16, 3), 100, np.float32)
    lay_over(
        frames, sprite, np.full((1, 2), 8.0), np.array([8.0]), np.zeros(1)
    )
    np.testing.assert_allclose(frames[0, 8, 8], 150)
    np.testing.assert_allclose(frames[0, 1, 1], 100)


def test_contrast_of_an_object_pulls_its_tones_together():
    shape = np.array([[[0.0, 1.0], [1.0, 0.5]]], np.float32)
    colors = np.array([[0, 0, 0], [200, 100, 50]], np.float32)
    full = color_shape(shape, colors, 1.0)[0]
    np.testing.assert_allclose(full[0], [0, 0, 0, 1])
    np.testing.assert_allclose(full[1], [100, 50, 25, 0.5])  # times coverage
    flat = color_shape(shape, colors, 0.0)[0]
    np.testing.assert_allclose(flat[0], [100, 50, 25, 1])

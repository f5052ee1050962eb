import numpy as np
import pytest

from vsslcodebase.datasets.motion_mini.motions import (
    MOTION_PAIRS,
    draw_process,
)

T, DIAMETER, TRAVEL = 48, 0.3, 0.5


def draw(pair, seed=0, travel=TRAVEL):
    rng = np.random.default_rng(seed)
    return draw_process(pair, rng, T, DIAMETER, travel)


@pytest.mark.parametrize(
    ('pair', 'way'),
    [
        ('horizontal', (0.5, 0)),
        ('vertical', (0, -0.5)),  # up; y points down
        ('diagonal', (0.5 / 2**0.5, -0.5 / 2**0.5)),
        ('antidiagonal', (-0.5 / 2**0.5, -0.5 / 2**0.5)),
    ],
)
def test_straight_paths_have_constant_velocity(pair, way):
    (xy,), scale, angle, _ = draw(pair)
    steps = np.diff(xy, axis=0)
    np.testing.assert_allclose(steps, [np.array(way) / (T - 1)] * (T - 1))
    assert np.all(scale == 1)
    assert np.all(angle == 0)


def test_approach_grows_at_a_constant_rate_in_place():
    process = draw('depth')
    ratio = process.scale[0, 1:] / process.scale[0, :-1]
    np.testing.assert_allclose(ratio, ratio[0])
    assert 1.9 <= process.scale[0, -1] / process.scale[0, 0] <= 2.3
    assert np.ptp(process.xy, axis=1).max() == 0


def test_rotation_is_clockwise_and_less_than_a_turn():
    for seed in range(20):
        process = draw('rotation', seed, travel=0.65)
        steps = np.diff(process.angle[0])
        np.testing.assert_allclose(steps, steps[0])
        assert 180 < process.angle[0, -1] < 360


def test_orbit_is_clockwise_round_a_fixed_centre():
    process = draw('orbit')
    v = np.diff(process.xy[0], axis=0)
    # y points down: a turn to the right, clockwise, has a positive product
    turn = v[:-1, 0] * v[1:, 1] - v[:-1, 1] * v[1:, 0]
    assert np.all(turn > 0)
    np.testing.assert_allclose(np.hypot(*v.T), np.hypot(*v[0]))


def test_hiding_ends_behind_the_panel_and_starts_free_of_it():
    for seed in range(20):
        process = draw('occlusion', seed)
        way = np.linalg.norm(process.xy[0] - process.hidden_at, axis=1)
        assert way[-1] == 0
        # half the panel (1.15 diameters) and half the object do not meet
        assert way[0] >= 0.5 * 2.15 * DIAMETER
        assert np.all(np.diff(way) < 0)


def test_two_objects_come_together_until_they_touch():
    process = draw('distance')
    apart = np.linalg.norm(process.xy[0] - process.xy[1], axis=1)
    # less than TRAVEL, so that both are in view at the start
    assert np.all(np.diff(apart) < 0)
    np.testing.assert_allclose(apart[[0, -1]], [DIAMETER + 0.475, DIAMETER])


def test_speed_grows_from_rest_along_a_line():
    process = draw('speed')
    steps = np.diff(process.xy[0], axis=0)
    speed = np.linalg.norm(steps, axis=1)
    assert np.all(np.diff(speed) > 0)
    assert speed[-1] > 10 * speed[0]
    direction = steps / speed[:, None]
    np.testing.assert_allclose(direction, [direction[0]] * (T - 1), atol=1e-6)


@pytest.mark.parametrize('pair', MOTION_PAIRS)
def test_objects_stay_in_view(pair):
    """Centres keep three quarters of the radius from the border."""
    for seed in range(50):
        process = draw(pair, seed, travel=0.65)
        margin = 0.375 * DIAMETER * process.scale.max()
        assert process.xy.min() >= margin - 1e-9, seed
        assert process.xy.max() <= 1 - margin + 1e-9, seed


@pytest.mark.parametrize('pair', MOTION_PAIRS)
def test_place_is_drawn_anew_for_each_video(pair):
    assert not np.allclose(draw(pair, 0).xy, draw(pair, 1).xy)
    assert np.array_equal(draw(pair, 0).xy, draw(pair, 0).xy)


def test_travel_sets_the_speed():
    slow, fast = (draw('horizontal', travel=way) for way in (0.2, 0.6))
    np.testing.assert_allclose(np.ptp(slow.xy[0, :, 0]), 0.2)
    np.testing.assert_allclose(np.ptp(fast.xy[0, :, 0]), 0.6)

import colorsys

import numpy as np
import pytest

from vsslcodebase.visualization.flow import (
    colour_wheel,
    flow_colours,
    flow_legend,
    longest_vector,
)

AXES = {'right': (1, 0), 'down': (0, 1), 'left': (-1, 0), 'up': (0, -1)}


def vector(u, v):
    return np.array([u, v], float).reshape(2, 1, 1)


def colour(u, v, longest=1.0):
    return flow_colours(vector(u, v), longest)[0, 0]


def hue(rgb):
    """In turns, red 0."""
    return colorsys.rgb_to_hsv(*(np.asarray(rgb) / 255))[0]


def test_wheel_has_the_55_colours_of_the_benchmark():
    wheel = colour_wheel()
    assert wheel.shape == (55, 3)
    corners = [0, 15, 21, 25, 36, 49]
    assert wheel[corners].tolist() == [
        [1, 0, 0],
        [1, 1, 0],
        [0, 1, 0],
        [0, 1, 1],
        [0, 0, 1],
        [1, 0, 1],
    ]
    assert wheel[3] == pytest.approx([1, 3 / 15, 0])
    assert wheel[54] == pytest.approx([1, 0, 1 / 6])  # next to red again
    # each is full: one channel is 1, one is 0
    assert (wheel.max(1) == 1).all()
    assert (wheel.min(1) == 0).all()


def test_directions_have_distinct_hues_in_the_order_of_the_wheel():
    hues = [hue(colour(*axis)) for axis in AXES.values()]
    assert colour(1, 0).tolist() == [255, 0, 0]
    # 55 / 4, 55 / 2 and 3 * 55 / 4 steps from red, by hand
    yellowish = 255 * 13.75 / 15
    assert colour(0, 1).tolist() == [255, round(yellowish), 0]
    assert colour(-1, 0).tolist() == [0, round(255 * (1 - 2.5 / 11)), 255]
    assert colour(0, -1).tolist() == [round(255 * 5.25 / 13), 0, 255]
    assert hues == sorted(hues)
    assert min(np.diff([*hues, 1])) > 0.1


def test_opposite_directions_have_opposite_hues():
    for degrees in range(0, 180, 15):
        u, v = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        apart = abs(hue(colour(u, v)) - hue(colour(-u, -v)))
        assert min(apart, 1 - apart) > 0.33  # of at most 0.5


def test_hues_go_round_without_a_jump():
    angles = np.linspace(0, 2 * np.pi, 721)
    circle = np.stack([np.cos(angles), np.sin(angles)])[:, None]
    steps = np.diff(flow_colours(circle, 1.0)[0].astype(int), axis=0)
    # half a degree is 0.076 of a step, of which none is above 1/4
    assert abs(steps).max() <= 0.0764 * 255 / 4 + 1


def test_no_motion_is_white_and_length_saturates():
    assert colour(0, 0).tolist() == [255] * 3
    assert colour(0.5, 0).tolist() == [255, 128, 128]
    assert colour(2, 0, longest=4).tolist() == [255, 128, 128]
    assert colour(1.5, 0).tolist() == [191, 0, 0]  # beyond: 0.75 of full
    for axis in AXES.values():
        assert colour(*axis).max() == 255
        assert colour(*axis).min() == 0


def test_only_the_share_of_the_longest_counts():
    flow = np.random.default_rng(0).normal(size=(3, 2, 5, 6))
    assert np.array_equal(flow_colours(flow), flow_colours(1000 * flow))
    longest = longest_vector(flow)
    assert longest == np.sqrt((flow**2).sum(1)).max()
    one = flow_colours(flow[1], longest)
    assert np.array_equal(flow_colours(flow)[1], one)
    assert not np.array_equal(flow_colours(flow[1]), one)


def test_still_clips_are_white():
    assert (flow_colours(np.zeros((2, 2, 3, 3))) == 255).all()
    assert longest_vector(np.zeros((2, 3, 3))) == 0


@pytest.mark.parametrize('unknown', [np.nan, np.inf, -np.inf])
def test_what_is_not_known_is_black_and_counts_for_nothing(unknown):
    flow = np.ones((2, 1, 3))
    flow[0, 0, 1] = unknown
    assert longest_vector(flow) == pytest.approx(np.sqrt(2))
    colours = flow_colours(flow)[0]
    assert colours[1].tolist() == [0, 0, 0]
    assert np.array_equal(colours[0], flow_colours(np.ones((2, 1, 1)))[0, 0])
    assert longest_vector(np.full((2, 1, 1), unknown)) == 0


def test_legend_shows_where_each_colour_points():
    side = 101
    legend = flow_legend(3.0, side=side)
    assert legend.shape == (side + 20, side, 3)
    centre, reach = 50, 45  # beyond the tips of the arrows
    for u, v in AXES.values():
        at = legend[centre + reach * v, centre + reach * u]
        share = 2 * reach / side
        assert abs(at.astype(int) - colour(share * u, share * v)).max() <= 6
    assert (legend[0, 0] == 250).all()  # paper outside the rim
    other = flow_legend(4.0, side=side)
    assert np.array_equal(legend[:side], other[:side])
    assert not np.array_equal(legend[side:], other[side:])  # the length


def test_lines_of_the_legend_are_below_each_other_and_fit():
    unit = 'px of the map,\n0.000123 px of the frame'
    legend = flow_legend(1.23e-4, unit, side=160)
    assert legend.shape == (200, 160, 3)
    for line in (legend[160:180], legend[180:]):
        columns = (line < 128).any((0, 2))
        assert columns.any()
        assert not columns[-3:].any()  # not cut off


def test_what_is_no_flow_is_refused():
    with pytest.raises(ValueError, match=r'\(\.\.\., 2, H, W\).* \(3, 4, 4\)'):
        flow_colours(np.zeros((3, 4, 4)))
    for longest in (-1.0, np.nan):
        with pytest.raises(ValueError, match='a length in pixels'):
            flow_colours(np.zeros((2, 1, 1)), longest)

"""Crops of planes against interpolation written out."""

import itertools

import numpy as np
import pytest

from vsslcodebase.datasets.readers import Picture
from vsslcodebase.datasets.transforms.plane_cutting import PictureCutter

SIZE = (20, 26)  # height, width


def interpolate(plane, box, size, steps):
    """Sample a plane at the pixels' centres: (H, W) float, one by one."""
    top, left, height, width = box
    rows, last_row = positions(top, height, size[0], steps[0])
    columns, last_column = positions(left, width, size[1], steps[1])
    out = np.empty(size)
    for (i, y), (j, x) in itertools.product(
        enumerate(rows), enumerate(columns)
    ):
        y0, x0 = int(y), int(x)
        y1 = min(y0 + 1, last_row)
        x1 = min(x0 + 1, last_column)
        dy, dx = y - y0, x - x0
        upper = (1 - dx) * plane[y0, x0] + dx * plane[y0, x1]
        lower = (1 - dx) * plane[y1, x0] + dx * plane[y1, x1]
        out[i, j] = (1 - dy) * upper + dy * lower
    return out


def positions(begin, length, count, step):
    """Return places in samples, kept to those that the box touches."""
    first, last = begin // step, -(-(begin + length) // step) - 1
    pixels = [begin + (i + 0.5) * length / count for i in range(count)]
    return [min(max(p / step - 0.5, first), last) for p in pixels], last


def picture_of(steps, rng):
    height, width = SIZE
    chroma = -(-height // steps[0]), -(-width // steps[1])
    shapes = [SIZE, chroma, chroma]
    planes = [rng.integers(0, 256, s, dtype=np.uint8) for s in shapes]
    return Picture(tuple(planes), np.eye(3, 4))


@pytest.mark.parametrize('steps', [(1, 1), (2, 2), (1, 2), (4, 4)])
@pytest.mark.parametrize('size', [(8, 12), (31, 17)])
@pytest.mark.parametrize(
    'box', [(4, 8, 12, 16), (3, 5, 12, 16), (4, 8, 11, 13), (0, 0, *SIZE)]
)
def test_every_plane_is_interpolated_at_the_same_places(steps, size, box):
    picture = picture_of(steps, np.random.default_rng(0))
    out = np.zeros((3, *size), np.uint8)
    PictureCutter(picture, box, size).cut(picture, out)
    for plane, cut, step in zip(picture.planes, out, [(1, 1), steps, steps]):
        expected = interpolate(plane, box, size, step)
        # Noise of 8 bits, weights of no less than 5: 255 / 32 at the most
        assert np.abs(cut - expected).max() < 8
        assert np.abs(cut - expected).mean() < 1


def test_odd_frames_have_half_chroma_samples_at_their_end():
    luma = np.zeros((5, 7), np.uint8)
    chroma = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    picture = Picture((luma, chroma, chroma), np.eye(3, 4))
    box = (0, 0, 5, 7)
    out = np.zeros((3, 10, 14), np.uint8)
    PictureCutter(picture, box, (10, 14)).cut(picture, out)
    expected = interpolate(chroma, box, (10, 14), (2, 2))
    assert np.abs(out[1] - expected).max() <= 4


def test_rows_may_lie_further_apart_than_they_are_long():
    rng = np.random.default_rng(1)
    wide = picture_of((2, 2), rng)
    padded = tuple(
        np.pad(plane, ((0, 0), (0, 6)))[:, : plane.shape[1]]
        for plane in wide.planes
    )
    assert not padded[0].flags.c_contiguous
    cutter = PictureCutter(wide, (3, 2, 15, 20), (9, 9))
    one, two = np.zeros((2, 3, 9, 9), np.uint8)
    cutter.cut(wide, one)
    cutter.cut(Picture(padded, wide.matrix), two)
    np.testing.assert_array_equal(one, two)


def test_packed_rgb_is_cut_into_planes():
    image = np.random.default_rng(2).integers(0, 256, (*SIZE, 3), np.uint8)
    picture = Picture.of_rgb(image)
    out = np.zeros((3, 10, 13), np.uint8)
    PictureCutter(picture, (0, 0, *SIZE), (10, 13)).cut(picture, out)
    # Halves of a pixel: the mean of each 2 x 2
    means = image.reshape(10, 2, 13, 2, 3).mean((1, 3)).transpose(2, 0, 1)
    assert np.abs(out - means).max() <= 0.75


def test_planes_that_fit_no_subsampling_are_refused():
    luma, chroma = np.zeros((9, 9), np.uint8), np.zeros((4, 4), np.uint8)
    picture = Picture((luma, chroma, chroma), np.eye(3, 4))
    with pytest.raises(ValueError, match='4 samples does not fit 9 pixels'):
        PictureCutter(picture, (0, 0, 9, 9), (5, 5))

"""Planes and matrices, against the RGB that swscale makes of them."""

from __future__ import annotations

import av
import numpy as np
import pytest
from encoded_video import encode

from vsslcodebase.datasets.readers import BadVideoError, open_reader
from vsslcodebase.datasets.readers.picture import Picture, yuv_matrix


def rgb_of(picture):
    """Apply the matrix to a picture without subsampling."""
    ones = np.ones_like(picture.planes[0])
    channels = np.stack([*picture.planes, ones], axis=-1)
    rgb = channels @ picture.matrix.T
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def colour_plane(value):
    return np.full((4, 6), value, np.uint8)


def test_matrices_of_black_white_and_primaries():
    """By hand: black and white at the ends of the range, pure blue."""
    limited, full = yuv_matrix(1, False), yuv_matrix(1, True)
    np.testing.assert_allclose(limited @ [16, 128, 128, 1], 0, atol=1e-9)
    np.testing.assert_allclose(limited @ [235, 128, 128, 1], 255)
    np.testing.assert_allclose(full @ [0, 128, 128, 1], 0, atol=1e-9)
    np.testing.assert_allclose(full @ [255, 128, 128, 1], 255)
    blue = [255 * 0.0722, 255.5, 128 - 127.5 * 0.0722 / (1 - 0.2126), 1]
    np.testing.assert_allclose(full @ blue, [0, 0, 255], atol=1e-9)


@pytest.mark.parametrize('full', [False, True])
@pytest.mark.parametrize('colourspace', [0, 1, 2, 4, 5, 6, 7, 9])
def test_matrix_is_that_of_swscale(colourspace, full):
    rng = np.random.default_rng(colourspace)
    # With values beyond the limited range swscale's numbers overflow.
    planes = rng.integers(16, 236, size=(3, 32, 48), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(planes, format='yuv444p')
    frame.colorspace, frame.color_range = colourspace, 2 if full else 1
    matrix = yuv_matrix(colourspace or 2, full)
    ours = rgb_of(Picture(tuple(planes), matrix)).astype(int)
    theirs = frame.to_ndarray(format='rgb24').astype(int)
    assert np.abs(ours - theirs).max() <= 2


@pytest.mark.parametrize('colours', ['bt709', 'smpte240m', 'bt2020nc'])
@pytest.mark.parametrize('span', ['tv', 'pc'])
def test_tags_of_the_file_choose_the_matrix(tmp_path, colours, span):
    path = encode(
        tmp_path / 'tagged.mp4',
        num_frames=6,
        pixels='yuv444p',
        options={'x264-params': f'colormatrix={colours}:range={span}'},
    )
    with open_reader(path, 'pyav') as reader:
        frame = reader.get_frames([4])[0].astype(int)
        [(index, picture)] = reader.visit([4])
        assert index == 4
        assert picture.size == (48, 64)
        difference = np.abs(rgb_of(picture).astype(int) - frame)
    assert difference.max() <= 2
    default = Picture(picture.planes, yuv_matrix(2, False))
    assert np.abs(rgb_of(default).astype(int) - frame).max() > 2


@pytest.mark.parametrize(
    'pixels', ['yuv420p', 'yuv420p10le', 'yuv422p10le', 'yuv444p12le']
)
def test_frames_and_pictures_have_the_same_colours(tmp_path, pixels):
    """Also with more than 8 bits, which swscale converts in other ways.

    What is left is swscale's rounding down, of frames with subsampling.
    """
    path = encode(
        tmp_path / 'deep.mkv', num_frames=4, codec='ffv1', pixels=pixels
    )
    with open_reader(path, 'pyav') as reader:
        frames = reader.get_frames(range(4))
        for index, picture in reader.visit(range(4)):
            luma = picture.planes[0]
            planes = [
                np.kron(p, np.ones(np.floor_divide(luma.shape, p.shape), 'u1'))
                for p in picture.planes
            ]
            rgb = rgb_of(Picture(tuple(planes), picture.matrix))
            difference = np.abs(rgb - frames[index].astype(float))
            assert difference.mean() <= 1.3
            assert difference.max() <= 3


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_what_is_no_planar_video_comes_as_rgb(tmp_path, backend):
    path = encode(tmp_path / 'rgb.avi', codec='png', pixels='rgb24')
    with open_reader(path, backend) as reader:
        frame = reader.get_frames([7])[0]
        [(index, picture)] = reader.visit([7, 7])
        assert index == 7
        assert picture.layout == ((48, 64, 3),)
        np.testing.assert_array_equal(picture.planes[0], frame)
        np.testing.assert_array_equal(picture.matrix, np.eye(3, 4))


def test_a_visit_refuses_pictures_that_differ(tmp_path):
    path = encode(tmp_path / 'plain.mp4', num_frames=3)
    plain, half = colour_plane(1), colour_plane(1)[:, ::2]
    first = Picture((plain, plain, plain), yuv_matrix(2, False))
    others = {
        r'frame size changes within the video, from \(4, 6\) to \(4, 3\)': (
            Picture((half, half, half), first.matrix)
        ),
        'pixel format changes': Picture((plain, half, half), first.matrix),
        'pixel format': Picture(first.planes, yuv_matrix(1, False)),
    }
    with open_reader(path, 'pyav') as reader:
        for reason, second in others.items():
            reader._visit = lambda _, second=second: [(0, first), (1, second)]
            visited = reader.visit([0, 1])
            assert next(visited) == (0, first)
            with pytest.raises(BadVideoError, match=reason):
                next(visited)


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_visits_of_no_frames_and_of_frames_out_of_range(tmp_path, backend):
    path = encode(tmp_path / 'plain.mp4', num_frames=3)
    with open_reader(path, backend) as reader:
        assert list(reader.visit([])) == []
        with pytest.raises(IndexError, match='frames 0 to 2'):
            list(reader.visit([0, 3]))

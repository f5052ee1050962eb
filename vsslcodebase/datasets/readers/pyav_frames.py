"""From PyAV's decoded frames to RGB images and to pictures, upright."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter

from .picture import Picture, has_matrix, yuv_matrix

# Planar Y'CbCr: full range in the old names with a J, subsampling, bits
_PLANAR = re.compile(r'yuv(?P<full>j?)(?P<sub>4\d\d)p(?P<bits>\d+[bl]e)?')


class FrameConverter:
    """Converts the frames of one video.

    It keeps FFmpeg's converters, which cost more to set up than to use on a
    small frame.
    """

    def __init__(self) -> None:
        self._to_rgb = VideoReformatter()
        self._to_8_bits = VideoReformatter()

    def to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """Return (H, W, 3) uint8 RGB, upright, in memory of its own.

        Planes of more bits are reduced first, as for a picture: swscale has
        other ways with chroma for them, and colours would depend on the path.
        """
        planar = _planar_of(frame)
        turns = _quarter_turns(frame)
        if planar is not None:
            frame = self._reduced(frame, planar)
        rgb = self._to_rgb.reformat(frame, format='rgb24', threads=1)
        image: np.ndarray = rgb.to_ndarray()
        return _turned(image, turns)

    def to_picture(self, frame: av.VideoFrame) -> Picture:
        """Return the planes of a planar Y'CbCr frame, RGB of any other.

        Planes of 8 bits are views of the decoder's memory, which they keep
        alive, unless they have to be turned.
        """
        planar = _planar_of(frame)
        if planar is None:
            return Picture.of_rgb(self.to_rgb(frame))
        turns = _quarter_turns(frame)
        original, frame = frame, self._reduced(frame, planar)
        planes = tuple([_view(plane) for plane in frame.planes])
        if turns:
            height, width = planes[1].shape
            if frame.height % height or frame.width % width:
                # The last chroma samples colour fewer pixels than the others,
                # as those in the first place cannot.
                return Picture.of_rgb(self.to_rgb(original))
            planes = tuple([_turned(plane, turns) for plane in planes])
        return Picture(planes, planar.matrix)

    def _reduced(self, frame: av.VideoFrame, planar: _Planar) -> av.VideoFrame:
        """Return the frame with planes of 8 bits."""
        if not planar.reduced_format:
            return frame
        return self._to_8_bits.reformat(
            frame, format=planar.reduced_format, threads=1
        )


class _Planar(NamedTuple):
    """How frames of planar Y'CbCr become a picture."""

    reduced_format: str  # the same with 8 bits, where they have more
    matrix: np.ndarray


def _planar_of(frame: av.VideoFrame) -> _Planar | None:
    """Return what to do with a frame; None to make RGB of it."""
    return _planar(frame.format.name, frame.colorspace, frame.color_range)


@lru_cache
def _planar(name: str, colourspace: int, colour_range: int) -> _Planar | None:
    """Return what to do with a pixel format; None to make RGB of it."""
    # swscale takes 0, which is the number of RGB, for "not specified".
    colourspace = colourspace or 2
    match = _PLANAR.fullmatch(name)
    if not match or not has_matrix(colourspace):
        return None
    is_full = bool(match['full']) or colour_range == ColorRange.JPEG
    return _Planar(
        f'yuv{match["sub"]}p' if match['bits'] else '',
        yuv_matrix(colourspace, is_full),
    )


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Return how often to turn a frame counter-clockwise, in 0..3."""
    return round(frame.rotation / 90) % 4


def _turned(image: np.ndarray, quarter_turns: int) -> np.ndarray:
    """Turn an image counter-clockwise."""
    if not quarter_turns:
        return image
    return np.ascontiguousarray(np.rot90(image, quarter_turns))


def _view(plane: av.video.plane.VideoPlane) -> np.ndarray:
    """Return (height, width) uint8 of a plane, without copying."""
    stride = plane.line_size
    shape = plane.height, plane.width
    view = np.ndarray(shape, np.uint8, plane, strides=(abs(stride), 1))
    view.flags.writeable = False  # the decoder refers to it
    return view if stride > 0 else view[::-1]  # stored upside down

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

    It keeps FFmpeg's converter, which costs more to set up than to use on a
    small frame.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """Return (H, W, 3) uint8 RGB, upright, in memory of its own."""
        image: np.ndarray = self._reformat(frame, 'rgb24').to_ndarray()
        return _turned(image, _quarter_turns(frame))

    def to_picture(self, frame: av.VideoFrame) -> Picture:
        """Return the planes of a planar Y'CbCr frame, RGB of any other.

        Planes of 8 bits are views of the decoder's memory, which they keep
        alive, unless they have to be turned.
        """
        planar = _planar(
            frame.format.name, frame.colorspace, frame.color_range
        )
        if planar is None:
            return Picture.of_rgb(self.to_rgb(frame))
        if planar.reduced_format:
            frame = self._reformat(frame, planar.reduced_format)
        planes = tuple([_view(plane) for plane in frame.planes])
        turns = _quarter_turns(frame)
        if turns:
            height, width = planes[1].shape
            if frame.height % height or frame.width % width:
                # The last chroma samples colour fewer pixels than the others,
                # as those in the first place cannot.
                return Picture.of_rgb(self.to_rgb(frame))
            planes = tuple([_turned(plane, turns) for plane in planes])
        return Picture(planes, planar.matrix)

    def _reformat(self, frame: av.VideoFrame, name: str) -> av.VideoFrame:
        """Convert to another pixel format; threads inside workers cost."""
        return self._reformatter.reformat(frame, format=name, threads=1)


class _Planar(NamedTuple):
    """How frames of planar Y'CbCr become a picture."""

    reduced_format: str  # the same with 8 bits, where they have more
    matrix: np.ndarray


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

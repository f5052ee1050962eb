"""From PyAV's decoded frames to RGB images and to pictures, upright."""

from __future__ import annotations

import re

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
        planar = _PLANAR.fullmatch(frame.format.name)
        if not planar or not has_matrix(_colourspace(frame)):
            return Picture.of_rgb(self.to_rgb(frame))
        turns = _quarter_turns(frame)
        if planar['bits']:
            frame = self._reformat(frame, f'yuv{planar["sub"]}p')
        planes = [_view(plane) for plane in frame.planes]
        height, width = planes[1].shape
        if turns and (frame.height % height or frame.width % width):
            # The last chroma samples colour fewer pixels than the others, as
            # those in the first place cannot.
            return Picture.of_rgb(self.to_rgb(frame))
        is_full = bool(planar['full']) or frame.color_range == ColorRange.JPEG
        return Picture(
            tuple(_turned(plane, turns) for plane in planes),
            yuv_matrix(_colourspace(frame), is_full),
        )

    def _reformat(self, frame: av.VideoFrame, name: str) -> av.VideoFrame:
        """Convert to another pixel format; threads inside workers cost."""
        return self._reformatter.reformat(frame, format=name, threads=1)


def _colourspace(frame: av.VideoFrame) -> int:
    """Return the number in H.273; swscale takes 0, that of RGB, for none."""
    return frame.colorspace or 2


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
    stride = abs(plane.line_size)
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, stride)
    rows = rows[:, : plane.width]
    rows.flags.writeable = False  # the decoder refers to it
    return rows if plane.line_size > 0 else rows[::-1]  # stored upside down

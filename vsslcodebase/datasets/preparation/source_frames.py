"""Frames of a video as an encoder wants them: timed, upright, 8-bit 4:2:0."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import (
    ColorRange,
    Colorspace,
    Interpolation,
    VideoReformatter,
)

from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.datasets.readers.pyav_reader import PyAVReader

_BT601, _UNSPECIFIED = 6, 2  # YUV matrices, numbered as in ITU-T H.273
_LONGEST_SEC = 3600  # that a frame may be shown; more is a broken clock
# Of FFmpeg's filters the one whose frames, cropped and resized again in
# training, come closest to crops of the original.
_SCALING = Interpolation.LANCZOS | Interpolation.ACCURATE_RND


class FrameSource(PyAVReader):
    """A reader that gives all frames as FFmpeg has them, with their times."""

    def frames(self) -> Iterator[tuple[av.VideoFrame, int]]:
        """Yield every frame in order, and its time in ticks from the first.

        Where time is not known, would not go forward, or would leap, frames
        are at their mean distance.
        """
        step = max(round(1 / (self.rate * self.tick)), 1)
        shape = None
        time = start = 0
        for number, frame in self._frames(list(range(self.total_frames))):
            if shape is None:
                shape = frame.height, frame.width
                time = start = frame.pts or 0
            elif self._is_plausible(frame.pts, time):
                time = frame.pts
            else:
                time += step
            if (frame.height, frame.width) != shape:
                raise BadVideoError(
                    self.path,
                    f'the frame size changes within the video, from {shape} '
                    f'to {(frame.height, frame.width)} at frame {number}',
                )
            yield frame, time - start

    def _is_plausible(self, time: int | None, last: int) -> bool:
        """Tell whether a frame's time can be right after the last one's."""
        # An .avi has no times; FFmpeg makes some up, wrong with B-frames.
        if time is None or (self._index is None and self._is_avi):
            return False
        return 0 < (time - last) * self.tick < _LONGEST_SEC

    @property
    def _is_avi(self) -> bool:
        return 'avi' in self._file.formats

    @property
    def rate(self) -> float:
        """Frames per second, something usual where it is unknown."""
        return self.avg_fps or 25.0

    @property
    def tick(self) -> Fraction:
        """Seconds in a tick of the frames' times."""
        tick: Fraction = self._file.stream.time_base
        return tick

    @property
    def pixel_ratio(self) -> Fraction | None:
        """Width of a stored pixel by its height, None where unknown."""
        ratio: Fraction | None = self._file.stream.sample_aspect_ratio
        return ratio


def scale(
    converter: VideoReformatter,
    frame: av.VideoFrame,
    size: tuple[int, int],
    turns: int,
) -> av.VideoFrame:
    """Return a frame as upright 8-bit 4:2:0 of limited range.

    Args:
        converter: Kept for all frames of a video, as setting it up is slow.
        frame: Any decoded frame.
        size: (height, width), even, before the frame is turned.
        turns: Quarter turns, counter-clockwise.
    """
    height, width = size
    small = converter.reformat(
        frame,
        width,
        height,
        'yuv420p',
        dst_colorspace=Colorspace.ITU601 if _is_rgb(frame) else None,
        dst_color_range=ColorRange.MPEG,
        interpolation=_SCALING,
        threads=1,
    ).to_ndarray()
    luma, chroma = small[:height], small[height:]
    planes = [luma, *chroma.reshape(2, height // 2, width // 2)]
    turned = [np.rot90(plane, turns) for plane in planes]
    # A new frame: the decoded one's has a type, I, P or B, that the encoder
    # would obey, and side data like its rotation.
    return av.VideoFrame.from_ndarray(
        np.concatenate([plane.ravel() for plane in turned]).reshape(
            -1, turned[0].shape[1]
        ),
        'yuv420p',
    )


def quarter_turns(frame: av.VideoFrame) -> int:
    """Return how often to turn a frame counter-clockwise, in 0..3."""
    return round(frame.rotation / 90) % 4


def _is_rgb(frame: av.VideoFrame) -> bool:
    return bool(frame.format.is_rgb)


def matrix_of(frame: av.VideoFrame) -> int:
    """Return the number in ITU-T H.273 of the new file's YUV matrix."""
    if _is_rgb(frame):
        return _BT601
    return frame.colorspace or _UNSPECIFIED  # 0 is RGB, which planes are not

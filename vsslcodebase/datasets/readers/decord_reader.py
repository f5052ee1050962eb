"""Reading video with decord."""

from __future__ import annotations

from collections.abc import Iterable

import decord
import numpy as np

from .video_reader import BadVideoError, VideoReader

decord.logging.set_level(decord.logging.QUIET)

_ERRORS = (
    decord.DECORDError,
    decord.DECORDLimitReachedError,
    RuntimeError,
    AssertionError,
)


class DecordReader(VideoReader):
    """Video reader on decord; see :class:`VideoReader`.

    It gives the frames of :class:`~.pyav_reader.PyAVReader` in mp4 and webm
    files as encoders commonly write them. Where its seeking is known to miss
    (open GOPs; B frames in AVI and MPEG program or transport streams) and for
    videos to be turned by 90 degrees, use the other. In frames of odd height
    or more than 8 bits it interpolates colour differently.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        try:
            # By default decord replaces frames that it cannot decode by
            # their neighbours in silence; this tolerance allows none.
            self._reader = decord.VideoReader(
                path, num_threads=1, fault_tol=1e-9
            )
            self.total_frames = len(self._reader)
            self.avg_fps = float(self._reader.get_avg_fps())
        except _ERRORS as error:
            raise BadVideoError(path, _first_line(error)) from error
        if not self.total_frames:
            raise BadVideoError(path, 'the video stream has no frames')

    def frame_times(self) -> np.ndarray | None:
        """Return when the frames are shown; see :class:`VideoReader`."""
        spans = self._reader.get_frame_timestamp(range(self.total_frames))
        starts = spans[:, 0].astype(np.float64)  # they were float32
        is_ascending = bool((np.diff(starts) > 0).all())
        return starts - starts[0] if is_ascending else None

    def close(self) -> None:
        """Release the decoder and the file; may be called more than once."""
        self.__dict__.pop('_reader', None)

    def _decode(self, indices: list[int]) -> Iterable[tuple[int, np.ndarray]]:
        return zip(indices, self._get_batch(indices))

    def _get_batch(self, indices: list[int]) -> list[np.ndarray]:
        """Decode ``indices``, in that order."""
        try:
            return list(self._reader.get_batch(indices).asnumpy())
        except _ERRORS as error:
            if 'size must exactly match' not in str(error):
                raise BadVideoError(self.path, _first_line(error)) from error
        return [_without_padding(self._reader[i].asnumpy()) for i in indices]


def _without_padding(frame: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) pixels of a frame whose rows decord has misread.

    FFmpeg pads rows in memory. Where that makes a row of 3*W bytes one of 4*W,
    as at W = 48, decord takes it for W pixels of four channels.
    """
    height, width, channels = frame.shape
    rows = frame.reshape(height, width * channels)[:, : width * 3]
    return rows.reshape(height, width, 3)


def _first_line(error: Exception) -> str:
    """Return decord's message without its place in the C++ source."""
    lines = str(error).strip().splitlines() or ['cannot read it']
    return 'decord: ' + lines[0].rpartition('.cc:')[2]

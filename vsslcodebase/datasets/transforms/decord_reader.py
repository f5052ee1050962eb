"""Reading video with decord."""

from __future__ import annotations

import decord
import numpy as np

from .video_reader import BadVideoError, VideoReader

decord.logging.set_level(decord.logging.QUIET)


class DecordReader(VideoReader):
    """Video reader on decord; see :class:`VideoReader`.

    It gives the frames of :class:`~.pyav_reader.PyAVReader`, is somewhat
    slower, and buffers without bound on large videos. It does not seek
    exactly in MPEG transport streams.
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
        except (decord.DECORDError, RuntimeError, AssertionError) as error:
            raise BadVideoError(path, _first_line(error)) from error

    def close(self) -> None:
        """Release the decoder and the file; may be called more than once."""
        self.__dict__.pop('_reader', None)

    def _decode(self, indices: list[int]) -> list[np.ndarray]:
        try:
            return list(self._reader.get_batch(indices).asnumpy())
        except (decord.DECORDError, RuntimeError) as error:
            raise BadVideoError(self.path, _first_line(error)) from error


def _first_line(error: Exception) -> str:
    """Return decord's message without its C++ stack trace."""
    lines = str(error).strip().splitlines()
    return f'decord: {lines[0]}' if lines else 'decord cannot read it'

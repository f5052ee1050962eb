"""Reading video with PyAV (FFmpeg's libraries, bundled in its wheel)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager

import av
import numpy as np

from .packet_index import PacketIndex, Run
from .picture import Picture
from .pyav_file import VideoFile
from .pyav_frames import FrameConverter
from .pyav_index import make_index
from .video_reader import BadVideoError, VideoReader


class PyAVReader(VideoReader):
    """Video reader on PyAV; see :class:`VideoReader`.

    Opening reads all packets once, without decoding (1.3 ms for 300 frames of
    a small video). That gives the true frame count and, for every frame, its
    time stamp, by which decoded frames are recognised. Reading then visits
    the GOPs that hold wanted frames: from the key packet to the last packet
    of a wanted frame, without unwanted frames to which no other refers.

    Where time stamps cannot be trusted (MPEG program and transport streams,
    raw streams, H.264 in AVI), frames are counted instead, decoding from the
    start of the file: exact as well, but slow.

    Rotation metadata is applied, as players do.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._converter = FrameConverter()
        try:
            with self._ffmpeg_errors():
                self._file = VideoFile(path)
                self._index = make_index(self._file)
                if self._index is None:
                    self.total_frames = sum(1 for _ in self._file.decode_all())
                    self.avg_fps = 0.0
                else:
                    self.total_frames = len(self._index.times)
                    self.avg_fps = self._index.mean_rate()
        except BaseException:
            self.close()
            raise
        if not self.total_frames:
            self.close()
            raise BadVideoError(path, 'the video stream has no frames')
        rate = self._file.stream.average_rate
        self.avg_fps = self.avg_fps or float(rate or 0)

    def frame_times(self) -> np.ndarray | None:
        """Return when the frames are shown; see :class:`VideoReader`."""
        return None if self._index is None else self._index.seconds()

    def close(self) -> None:
        """Release the decoder and the file; may be called more than once."""
        if hasattr(self, '_file'):  # else opening has failed
            self._file.close()

    def _decode(self, indices: list[int]) -> Iterator[tuple[int, np.ndarray]]:
        with self._ffmpeg_errors():
            for index, frame in self._frames(indices):
                yield index, self._converter.to_rgb(frame)

    def _visit(self, indices: list[int]) -> Iterator[tuple[int, Picture]]:
        with self._ffmpeg_errors():
            for index, frame in self._frames(indices):
                yield index, self._converter.to_picture(frame)

    def _frames(
        self, indices: list[int]
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield the frames with their numbers, each once.

        Raises:
            BadVideoError: A frame is damaged or does not come.
        """
        for index, frame in self._find(indices):
            self._check_intact(frame)
            yield index, frame

    def _find(self, indices: list[int]) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield the frames, found by their times, or else by their ranks."""
        if self._index is None:
            waiting = {i: i for i in indices}
            ranked = enumerate(self._file.decode_all())
            yield from _pick(_up_to(indices[-1], ranked), waiting)
            self._check_found(waiting)
            return
        for run in self._index.runs(indices):
            waiting = {self._index.times[i]: i for i in run.frames}
            last_time = max(waiting)
            frames = self._decode_run(self._index, run, waiting)
            yield from _pick(_timed(frames), waiting)
            if waiting:
                # A key frame that is none (intra refresh), or seeking went
                # too far: once more where the decoder cannot miss anything.
                timed = _timed(self._file.decode_all())
                yield from _pick(_up_to(last_time, timed), waiting)
            self._check_found(waiting)

    def _decode_run(
        self, index: PacketIndex, run: Run, waiting: Container[int]
    ) -> Iterator[av.VideoFrame]:
        """Decode a run, of which any frame may depend on any other."""
        for frame in self._file.decode_run(index, run, waiting):
            self._check_intact(frame)
            yield frame

    def _check_intact(self, frame: av.VideoFrame) -> None:
        """Refuse what the decoder has patched up."""
        if frame.is_corrupt:
            raise BadVideoError(self.path, f'a frame is damaged, {frame!r}')

    def _check_found(self, waiting: dict[int, int]) -> None:
        """Never invent a frame."""
        if waiting:
            raise BadVideoError(
                self.path,
                f'frame {min(waiting.values())} of {self.total_frames} does '
                'not decode',
            )

    @contextmanager
    def _ffmpeg_errors(self) -> Iterator[None]:
        """Turn FFmpeg's exceptions into :class:`BadVideoError`."""
        try:
            yield
        except av.FFmpegError as error:
            raise BadVideoError(self.path, error.strerror) from error


_Keyed = Iterable[tuple[int | None, av.VideoFrame]]


def _timed(frames: Iterable[av.VideoFrame]) -> _Keyed:
    """Give frames with their times of presentation."""
    return ((frame.pts, frame) for frame in frames)


def _up_to(last: int, frames: _Keyed) -> _Keyed:
    """Give frames up to the one whose key, in ascending order, is ``last``."""
    for key, frame in frames:
        yield key, frame
        if key is not None and key >= last:
            return


def _pick(
    frames: _Keyed, waiting: dict[int, int]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield the frames whose keys wait, and remove those keys."""
    for key, frame in frames:
        if key in waiting:
            yield waiting.pop(key), frame

"""Frame-exact video readers: each distinct frame decoded once, one thread.

A reader knows the true number of frames of its file, because it has looked
at every packet and not at the header, whose counts lie (or are 0 in .webm,
.mkv, .mpg, .ts and fragmented .mp4). Frame ``i`` is the i-th frame in the
order of presentation, in every container and with every backend.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from .picture import Picture


class BadVideoError(RuntimeError):
    """A video file that cannot be read, with its path and the reason.

    Args:
        path: The file.
        reason: What is wrong with it. Without one, ``path`` is the whole
            message (so that data loaders, which rebuild a worker's exception
            from its text, keep the type).
    """

    def __init__(self, path: str, reason: str = '') -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        """Return ``path: reason``."""
        return f'{self.path}: {self.reason}' if self.reason else self.path


class VideoReader(ABC):
    """A video opened for reading frames by index.

    Use it as a context manager, or call :meth:`close`: an open decoder holds
    some 200 kB that garbage collection is slow to find.

    Args:
        path: A video file, or what a subclass takes for one.

    Attributes:
        total_frames: Number of frames that the file holds, at least 1.
        avg_fps: Mean frame rate in frames a second; 0 where unknown.

    Raises:
        BadVideoError: The file is missing, empty, damaged, or no video.
    """

    total_frames: int
    avg_fps: float

    def __init__(self, path: str) -> None:
        self.path = path
        if not os.path.exists(path):
            raise BadVideoError(path, 'the file does not exist')
        self._check_path()

    def _check_path(self) -> None:
        """Refuse a path that cannot be a video, without reading it."""
        if not os.path.isfile(self.path):
            raise BadVideoError(self.path, 'not a regular file')
        if os.path.getsize(self.path) == 0:
            raise BadVideoError(self.path, 'the file is empty')

    def get_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return the frames ``indices``, in that order, repeats allowed.

        Args:
            indices: Frame numbers in [0, total_frames).

        Returns:
            (H, W, 3) uint8 RGB arrays, read-only, because a frame that is
            asked for twice is the same array twice.

        Raises:
            IndexError: An index is out of range.
            BadVideoError: A frame does not decode, or frames differ in size.
        """
        wanted, places = self._distinct(indices)
        frames = dict(self._decode(wanted)) if wanted else {}
        for frame in frames.values():
            self._check_same(frame.shape, frames[wanted[0]].shape)
            frame.flags.writeable = False
        return [frames[wanted[place]] for place in places]

    def visit(self, indices: Sequence[int]) -> Iterator[tuple[int, Picture]]:
        """Yield each distinct frame of ``indices`` once, as it is decoded.

        Args:
            indices: Frame numbers in [0, total_frames).

        Yields:
            A frame's number and the frame, in no order to rely on. The memory
            of a picture is valid until the next one is asked for.

        Raises:
            IndexError: An index is out of range.
            BadVideoError: A frame does not decode, or frames differ in size,
                layout or colour space.
        """
        wanted, _ = self._distinct(indices)
        first: Picture | None = None
        for index, picture in self._visit(wanted) if wanted else ():
            if first is None:
                first, layout, matrix = picture, picture.layout, picture.matrix
            if picture.layout != layout or picture.matrix is not matrix:
                self._check_same(picture.size, first.size)
                raise BadVideoError(
                    self.path, 'the pixel format changes within the video'
                )
            yield index, picture

    def frame_times(self) -> np.ndarray | None:
        """Return when the frames are shown, in seconds since the first one.

        Returns:
            (total_frames,) float64, ascending from 0; None where the file
            has no times to rely on.
        """
        return None

    def _distinct(self, indices: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the ascending distinct indices, and each one's place there.

        Raises:
            IndexError: An index is out of range.
        """
        wanted, places = np.unique(
            np.asarray(indices, np.int64), return_inverse=True
        )
        if len(wanted) and not 0 <= wanted[0] <= wanted[-1] < (
            self.total_frames
        ):
            raise IndexError(
                f'{self.path} has frames 0 to {self.total_frames - 1}, but '
                f'frames {wanted[0]} to {wanted[-1]} were asked for'
            )
        return wanted.tolist(), places.reshape(-1).tolist()

    def _check_same(
        self, shape: tuple[int, ...], first: tuple[int, ...]
    ) -> None:
        """Refuse a video whose frames differ in size."""
        if shape[:2] != first[:2]:
            raise BadVideoError(
                self.path,
                'the frame size changes within the video, from '
                f'{first[:2]} to {shape[:2]}',
            )

    @abstractmethod
    def _decode(self, indices: list[int]) -> Iterable[tuple[int, np.ndarray]]:
        """Give each of ``indices``, ascending, distinct and in range, once.

        Returns:
            Frame numbers and (H, W, 3) uint8 RGB arrays, in any order.

        Raises:
            BadVideoError: A frame does not decode.
        """

    def _visit(self, indices: list[int]) -> Iterable[tuple[int, Picture]]:
        """Give what :meth:`_decode` gives as pictures."""
        for index, frame in self._decode(indices):
            yield index, Picture.of_rgb(frame)

    @abstractmethod
    def close(self) -> None:
        """Release the decoder and the file; may be called more than once."""

    def __enter__(self) -> VideoReader:
        """Return the reader itself."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Close the reader."""
        self.close()

    def __del__(self) -> None:
        """Close a reader that its owner lost, as Python does with files."""
        self.close()

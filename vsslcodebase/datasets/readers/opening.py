"""Which reader opens a video."""

from __future__ import annotations

import os

from .frame_folder_reader import DEFAULT_FOLDER_FPS, FrameFolderReader
from .video_reader import VideoReader


def open_reader(
    path: str, backend: str, folder_fps: float = DEFAULT_FOLDER_FPS
) -> VideoReader:
    """Open a video.

    Args:
        path: A file, or a folder of images, one a frame.
        backend: 'pyav' or 'decord', for files.
        folder_fps: Frames a second of folders; 0 for unknown.

    Raises:
        BadVideoError: The video is missing or cannot be read.
        ValueError: There is no such backend.
    """
    if os.path.isdir(path):
        return FrameFolderReader(path, folder_fps)
    # Imported on use: neither library is needed by those who use the other,
    # and decord starts threads when it is loaded.
    if backend == 'pyav':
        from .pyav_reader import PyAVReader

        return PyAVReader(path)
    if backend == 'decord':
        from .decord_reader import DecordReader

        return DecordReader(path)
    raise ValueError(f"backend must be 'pyav' or 'decord', got {backend!r}")

"""Which reader opens a video."""

from __future__ import annotations

from .video_reader import VideoReader


def open_reader(path: str, backend: str) -> VideoReader:
    """Open ``path`` with the backend 'pyav' or 'decord'."""
    # Imported on use: neither library is needed by those who use the other,
    # and decord starts threads when it is loaded.
    if backend == 'pyav':
        from .pyav_reader import PyAVReader

        return PyAVReader(path)
    if backend == 'decord':
        from .decord_reader import DecordReader

        return DecordReader(path)
    raise ValueError(f"backend must be 'pyav' or 'decord', got {backend!r}")

"""Frames that are in memory already, as a video."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from mmcv.transforms import BaseTransform

from vsslcodebase.datasets.readers import VideoReader


class ArrayReader(VideoReader):
    """Video reader on an array.

    Args:
        frames: (T, H, W, 3) uint8, red, green, blue.
        fps: Frames a second, 0 for unknown.
    """

    def __init__(self, frames: np.ndarray, fps: float = 0.0) -> None:
        self.path = 'an array'
        self.frames = frames
        self.total_frames = len(frames)
        self.avg_fps = fps

    def close(self) -> None:
        """Do nothing: the array belongs to somebody else."""

    def _decode(self, indices: list[int]) -> Iterable[tuple[int, np.ndarray]]:
        # copies: what readers give is made read-only
        return ((index, self.frames[index].copy()) for index in indices)


class OpenInput(BaseTransform):
    """Open the array ``frames`` where there is one, else a file.

    Args:
        open_video: The transform that opens ``filename``.
    """

    def __init__(self, open_video: BaseTransform) -> None:
        self.open_video = open_video

    def transform(self, results: dict) -> dict:
        """Write what ``OpenVideo`` writes."""
        if 'frames' not in results:
            return self.open_video(results)
        reader = ArrayReader(results.pop('frames'))
        results['video_reader'] = reader
        results['total_frames'] = reader.total_frames
        results['avg_fps'] = reader.avg_fps
        return results

"""The videos of motion-mini in memory, decoded once for all that is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.motion_mini.annotations import LABEL_KINDS
from vsslcodebase.datasets.readers import BadVideoError, open_reader

Progress = Callable[[int, int], None]  # done, in all
MAKE = (
    'python tools/data/make_motion_mini.py {} --level demo --size 32 '
    '--num-videos 8192 512 1024'
)


class MiniVideos(NamedTuple):
    """The first N videos of a split.

    Attributes:
        frames: (N, L, H, W, 3) uint8 RGB.
        labels: (N,) of each kind of label: motion, appearance, scene.
        class_counts: The number of classes of each kind.
        fps: Frames a second.
    """

    frames: Tensor
    labels: dict[str, Tensor]
    class_counts: dict[str, int]
    fps: float


def check_mini(data_dir: Path) -> None:
    """Raise ``FileNotFoundError`` unless a folder holds motion-mini."""
    names = [f'classes_{kind}.txt' for kind in LABEL_KINDS]
    for split in ('train', 'test'):
        names += [f'{split}_{kind}.txt' for kind in LABEL_KINDS]
    for name in sorted(names, reverse=True):
        if not (data_dir / name).is_file():
            raise FileNotFoundError(
                f'there is no motion-mini in {data_dir} ({name} is missing); '
                f'make it, in minutes, with: {MAKE.format(data_dir)}'
            )


def read_videos(
    data_dir: Path,
    split: str,
    num_videos: int | None = None,
    size: int | None = None,
    progress: Progress | None = None,
) -> MiniVideos:
    """Decode videos of a split, every frame once.

    Memory: N * L * H * W * 3 bytes; 3,072 videos of 48 frames of 32 px are
    453 MB.

    Args:
        data_dir: Folder of motion-mini.
        split: 'train' or 'test'.
        num_videos: Use the first so many; all by default.
        size: Frames larger than this are scaled down to it, to save memory.
        progress: Called after each video with (videos done, videos in all).

    Raises:
        BadVideoError: A video cannot be read, or is not as long and as large
            as the first one.
        ValueError: The lists of a split disagree.
    """
    lists = {
        kind: read_list(data_dir / f'{split}_{kind}.txt')[:num_videos]
        for kind in LABEL_KINDS
    }
    paths = [path for path, _ in lists['motion']]
    if any([p for p, _ in one] != paths for one in lists.values()):
        raise ValueError(
            f'the lists {split}_*.txt in {data_dir} name different videos; '
            'make the data set again'
        )
    frames, fps = torch.empty(0), 0.0
    for row, path in enumerate(paths):
        video, fps = _decode(str(data_dir / path), size)
        if not row:
            frames = torch.empty((len(paths), *video.shape), dtype=torch.uint8)
        if video.shape != frames.shape[1:]:
            raise BadVideoError(
                str(data_dir / path),
                f'it has the shape {video.shape}, the first video of its '
                f'list {tuple(frames.shape[1:])} (frames, height, width, RGB)',
            )
        frames[row] = torch.from_numpy(video)
        if progress is not None:
            progress(row + 1, len(paths))
    return MiniVideos(
        frames,
        {
            kind: torch.tensor([label for _, label in one])
            for kind, one in lists.items()
        },
        {kind: len(class_names(data_dir, kind)) for kind in LABEL_KINDS},
        fps,
    )


def class_names(data_dir: Path, kind: str) -> list[str]:
    """Return the names of a kind of label, in the order of the labels."""
    return (data_dir / f'classes_{kind}.txt').read_text().splitlines()


def _decode(path: str, size: int | None) -> tuple[np.ndarray, float]:
    """Return all frames (L, H, W, 3) of a video, and its frame rate."""
    with open_reader(path, 'pyav') as reader:
        frames = reader.get_frames(range(reader.total_frames))
        fps = reader.avg_fps
    if size is not None and size < max(frames[0].shape[:2]):
        frames = [cv2.resize(frame, (size, size)) for frame in frames]
    return np.stack(frames), fps

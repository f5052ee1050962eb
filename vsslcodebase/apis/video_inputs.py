"""Whatever names videos, as a list of videos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.converter import VIDEO_SUFFIXES
from vsslcodebase.datasets.readers.frame_folder_reader import IMAGE_SUFFIXES
from vsslcodebase.engine.preflight import UsageError


class VideoInput(NamedTuple):
    """One video.

    Attributes:
        name: A path, or 'array 0' and so on.
        frames: (T, H, W, 3) uint8 where it is an array.
        label: Its class, -1 where unknown.
    """

    name: str
    frames: np.ndarray | None = None
    label: int = -1


def list_videos(inputs: Any) -> list[VideoInput]:
    """Return the videos that the inputs name, in their order.

    Args:
        inputs: One of these, or a list of them: the path of a video file; of
            a folder, whose videos are found at any depth, in the order of
            their paths; of a folder of images, one a frame; of a list '.txt'
            with a line ``path label`` for each video; an array (T, H, W, 3)
            of red, green and blue in uint8, or (N, T, H, W, 3) of N videos.

    Raises:
        TypeError: It is anything else.
        ValueError: An array of another shape or type, a folder without
            videos, a wrong list; or there is nothing at all.
        FileNotFoundError: There is no such list.
    """
    videos: list[VideoInput] = []
    num_arrays = 0
    for item in _flat(inputs):
        if isinstance(item, np.ndarray):
            found = _arrays(item, num_arrays)
            num_arrays += len(found)
            videos += found
        elif isinstance(item, (str, os.PathLike)):
            videos += _paths(os.fspath(item))
        else:
            raise TypeError(
                f'a video is a path or a numpy array, got {type(item)}'
            )
    if not videos:
        raise UsageError('there are no videos to take features of')
    return videos


def _flat(inputs: Any) -> Iterator[Any]:
    """Yield what is in lists, at any depth."""
    if isinstance(inputs, (list, tuple)):
        for item in inputs:
            yield from _flat(item)
    else:
        yield inputs


def _arrays(array: np.ndarray, first: int) -> list[VideoInput]:
    """Return the videos of an array."""
    videos = array[None] if array.ndim == 4 else array
    if videos.ndim != 5 or videos.shape[-1] != 3 or 0 in videos.shape[1:]:
        raise ValueError(
            'an array of frames is (T, H, W, 3), or (N, T, H, W, 3) of N '
            f'videos, got {array.shape}'
        )
    if array.dtype != np.uint8:
        raise ValueError(
            'an array of frames holds red, green and blue from 0 to 255 in '
            f'uint8, got {array.dtype}'
        )
    return [
        VideoInput(f'array {number}', frames)
        for number, frames in enumerate(videos, first)
    ]


def _paths(path: str) -> list[VideoInput]:
    """Return the videos of a path; one that is missing is found out later."""
    if path.lower().endswith('.txt'):
        return _listed(Path(path))
    if path.lower().endswith(IMAGE_SUFFIXES):
        raise UsageError(
            f'{path} is an image, and would be a video that stands still; '
            'give the folder of the images of a video'
        )
    if not os.path.isdir(path):
        return [VideoInput(path)]
    found = sorted(_walk(path))
    if not found:
        raise UsageError(
            f'there are no videos ({", ".join(sorted(VIDEO_SUFFIXES))}) and '
            f'no folders of images ({", ".join(IMAGE_SUFFIXES)}) in {path}'
        )
    return [VideoInput(name) for name in found]


def _walk(folder: str) -> Iterator[str]:
    """Yield video files, and folders of images that have none.

    Links are followed, each folder once.
    """
    seen = set()
    walk = os.walk(folder, onerror=_refuse, followlinks=True)
    for root, folders, files in walk:
        place = os.path.realpath(root)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        folders[:] = [name for name in folders if not name.startswith('.')]
        shown = [name for name in files if not name.startswith('.')]
        videos = [
            name
            for name in shown
            if os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES
        ]
        yield from (os.path.join(root, name) for name in videos)
        images = any(name.lower().endswith(IMAGE_SUFFIXES) for name in shown)
        if images and not videos and not folders:
            yield root


def _refuse(error: OSError) -> None:
    """Do not pass over a folder that cannot be read."""
    raise error


def _listed(path: Path) -> list[VideoInput]:
    """Return the videos of a list.

    Relative paths start from the list's folder, or, if the first one is not
    there, from the working directory.
    """
    videos = read_list(path)
    first = videos[0][0]
    beside = path.parent / first
    folder = path.parent
    if not beside.exists() and Path(first).exists():
        folder = Path()
    return [
        VideoInput(str(folder / video), label=label) for video, label in videos
    ]

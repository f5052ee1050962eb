"""Opening many videos in parallel, to find those that cannot be read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from mmengine.utils import ProgressBar

from .transforms.video_reader import BadVideoError, open_reader


def find_unreadable(
    paths: Sequence[str], folder: str | Path, workers: int = 1
) -> dict[str, str]:
    """Open each video, read all its packets, decode two of its frames.

    Shows progress and the time left. Damage in the middle of a video that
    only decoding all of it would find is not found.

    Args:
        paths: Videos, relative to ``folder``.
        folder: Where they are.
        workers: Processes.

    Returns:
        The reason for each video that cannot be read.

    Raises:
        RuntimeError: A process died, of a video that crashes the decoder.
    """
    full_paths = [os.path.join(folder, path) for path in paths]
    progress = ProgressBar(len(paths), file=sys.stdout)
    unreadable = {}
    try:
        with ProcessPoolExecutor(workers) as pool:
            reasons = pool.map(why_unreadable, full_paths, chunksize=8)
            for path, reason in zip(paths, reasons):
                if reason:
                    unreadable[path] = reason
                progress.update()
    except BrokenProcessPool as error:
        raise RuntimeError(
            'a process that checked videos died, probably by a file that '
            f'crashes FFmpeg, among those after {paths[progress.completed]!r}'
        ) from error
    finally:
        print()
    return unreadable


def why_unreadable(path: str) -> str:
    """Return why a video cannot be read; an empty string if it can."""
    try:
        with open_reader(path, 'pyav') as reader:
            reader.get_frames([0, reader.total_frames - 1])
    except BadVideoError as error:
        return error.reason
    return ''

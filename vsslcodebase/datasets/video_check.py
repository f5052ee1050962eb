"""Opening many videos in parallel, to find those that cannot be read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .isolation import Progress, run_isolated
from .readers import BadVideoError, open_reader


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
        The reason for each video that cannot be read, in the order of
        ``paths``; also for those that crash or hang the decoder.
    """
    full_paths = [os.path.join(folder, path) for path in paths]
    progress = Progress('Opening videos', len(paths), sys.stdout)
    reasons = [''] * len(paths)
    for index, outcome in run_isolated(why_unreadable, full_paths, workers):
        reasons[index] = outcome.value or outcome.reason
        progress.step()
    return {path: reason for path, reason in zip(paths, reasons) if reason}


def why_unreadable(path: str) -> str:
    """Return why a video cannot be read; an empty string if it can."""
    try:
        with open_reader(path, 'pyav') as reader:
            reader.get_frames([0, reader.total_frames - 1])
    except BadVideoError as error:
        return error.reason
    return ''

"""Checkpoint files that survive a kill and a moved work directory.

mmengine writes a checkpoint in place, so that a process killed meanwhile
leaves half a file where a whole one may have been. And it stores the absolute
path of the newest one in ``last_checkpoint``, so that automatic resuming
fails once the work directory has been moved or mounted elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmengine.runner import checkpoint as upstream
from mmengine.runner import runner as upstream_runner


def mend_checkpoint_files() -> None:
    """Put both mends of this module where the Runner looks them up."""
    upstream_runner.save_checkpoint = save_checkpoint
    upstream_runner.find_latest_checkpoint = find_latest_checkpoint


def save_checkpoint(checkpoint: dict, filename: str, **options: Any) -> None:
    """Write as mmengine does, under the final name only once complete.

    Args:
        checkpoint: what is stored.
        filename: a local path, or an address of one of mmengine's backends,
            which know no renaming and are written as before.
        options: passed on, see ``mmengine.runner.save_checkpoint``.
    """
    if '://' in filename or any(options.values()):
        upstream.save_checkpoint(checkpoint, filename, **options)
        return
    partial = f'{filename}.partial'
    upstream.save_checkpoint(checkpoint, partial, **options)
    os.replace(partial, filename)


def find_latest_checkpoint(path: str) -> str | None:
    """Find what ``last_checkpoint`` names, also in a moved directory.

    Args:
        path: the work directory.

    Returns:
        A path of the newest checkpoint; None if the run has not saved one.

    Raises:
        FileNotFoundError: if the named file is neither where it was written
            nor in the work directory.
    """
    named = upstream.find_latest_checkpoint(path)
    if named is None or '://' in named or Path(named).exists():
        return named
    moved = Path(path) / Path(named).name
    if moved.exists():
        return str(moved)
    present = sorted(file.name for file in Path(path).glob('*.pth'))
    raise FileNotFoundError(
        f'{Path(path) / "last_checkpoint"} names {named}, which does not '
        f'exist; checkpoints in {path}: {present or "none"}. Name one with '
        '--resume FILE, or delete last_checkpoint to start anew'
    )

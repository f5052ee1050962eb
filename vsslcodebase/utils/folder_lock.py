"""One process at a time in a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != 'win32':  # there nobody is kept out
    import fcntl

LOCK = '.lock'  # its file in the folder


@contextmanager
def locked(folder: Path, refusal: str) -> Iterator[None]:
    """Hold a folder, made if need be, for this process.

    The system gives the folder back when the process ends, however it ends;
    children that it leaves behind do not hold it.

    Args:
        folder: The folder.
        refusal: What to say to the second process.

    Raises:
        ValueError: With ``refusal``, if another process holds the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, 'w') as file:
        if sys.platform != 'win32':
            try:  # not flock, whose lock children would inherit
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                raise ValueError(refusal) from None
        yield

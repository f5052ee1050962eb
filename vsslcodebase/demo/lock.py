"""One program at a time in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows; there nobody is kept out
    fcntl = None  # type: ignore[assignment]

NAME = '.lock'


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, made if need be, for this process.

    The system gives the folder back when the process ends, however it ends.

    Raises:
        ValueError: If another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / NAME, 'w') as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(
                    f'another demonstration is at work in {folder}; wait for '
                    'it, end it, or choose another --work-dir'
                ) from None
        yield

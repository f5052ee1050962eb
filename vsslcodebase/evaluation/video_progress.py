"""How far a pass over videos is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from .feature_cache import FeatureCache, Reading
from .features import VideoFeatures


class VideoProgress:
    """Prints how far it is and the time left: one line, on a terminal."""

    def __init__(self, every_sec: float = 10.0) -> None:
        self.begun = self.told = time.monotonic()
        self.first: int | None = None
        self.on_terminal = sys.stdout.isatty()
        self.every_sec = 0.5 if self.on_terminal else every_sec

    def __call__(self, done: int, total: int) -> None:
        """Print a line, if it is time to."""
        now = time.monotonic()
        if self.first is None:
            self.first = done
            if done:
                print(f'{done} of {total} videos are there')
            return
        if now - self.told < self.every_sec and done < total:
            return
        self.told = now
        per_video = (now - self.begun) / max(done - self.first, 1)
        left = time.gmtime(per_video * (total - done))
        days = left.tm_yday - 1
        clock = f'{days} d ' * bool(days) + time.strftime('%H:%M:%S', left)
        end = '\r' if self.on_terminal and done < total else '\n'
        print(f'{done} of {total} videos, {clock} left', end=end, flush=True)


def read_and_tell(
    cache: FeatureCache, readings: Sequence[Reading]
) -> dict[Reading, VideoFeatures]:
    """Read features by a cache, and print what is read and what was there."""
    print(f'{cache.folder}: {cache.total} videos', flush=True)
    missing = cache.missing(readings)
    there = [r.stem for r in dict.fromkeys(readings) if r not in missing]
    if there:
        print(f'  there: {", ".join(there)}', flush=True)
    if missing:
        stems = ', '.join(reading.stem for reading in missing)
        print(f'  read in one pass: {stems}', flush=True)
    return cache.read(readings, VideoProgress()).videos


@contextmanager
def interruptible(advice: str) -> Iterator[None]:
    """End without a traceback where the user interrupts a pass.

    Args:
        advice: What becomes of it.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(f'\ninterrupted; {advice}', file=sys.stderr)
        sys.exit(130)


def going_on_later() -> AbstractContextManager[None]:
    """Say, where the user interrupts a pass, that nothing is lost."""
    return interruptible(
        'what is finished is kept, and the same command goes on from there'
    )

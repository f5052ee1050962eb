"""What the workers of a data loader share: seed, epoch, unreadable videos."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


class SharedState:
    """Seed, epoch and a mark per unreadable video, in shared memory.

    The main process writes seed and epoch while workers run, whether these
    were forked or spawned and however long they live. Workers mark videos;
    a mark per video, unlike a counter, needs no lock and counts none twice.

    Args:
        num_videos: Number of videos that can be marked.
    """

    def __init__(self, num_videos: int) -> None:
        self._numbers = torch.zeros(2, dtype=torch.int64).share_memory_()
        self._bad = torch.zeros(num_videos, dtype=torch.uint8)
        self._bad.share_memory_()

    @property
    def seed(self) -> int:
        """Seed of all draws, >= 0."""
        return int(self._numbers[0])

    @seed.setter
    def seed(self, seed: int) -> None:
        self._numbers[0] = _natural_number('seed', seed)

    @property
    def epoch(self) -> int:
        """Number of the epoch, >= 0."""
        return int(self._numbers[1])

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._numbers[1] = _natural_number('epoch', epoch)

    @property
    def num_bad(self) -> int:
        """Number of videos marked so far, by any worker."""
        return int(self._bad.sum())

    def is_bad(self, index: int) -> bool:
        """Whether the video was marked, by any worker."""
        return bool(self._bad[index])

    def mark_bad(self, index: int) -> None:
        """Mark a video as unreadable."""
        self._bad[index] = 1

    def for_videos(self, num_videos: int) -> SharedState:
        """Return a copy for another number of videos, none of them marked."""
        copy = SharedState(num_videos)
        copy._numbers.copy_(self._numbers)
        return copy

    def __deepcopy__(self, memo: dict) -> SharedState:
        """Return an independent copy that is shared memory, too."""
        copy = self.for_videos(len(self._bad))
        copy._bad.copy_(self._bad)
        return copy


def _natural_number(name: str, value: int) -> int:
    if value < 0:
        raise ValueError(f'{name} must be >= 0, got {value}')
    return int(value)


@contextmanager
def seeded(*numbers: int) -> Iterator[None]:
    """Seed the generators of numpy and ``random``; restore them afterwards.

    Args:
        numbers: Natural numbers; different ones give independent draws.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()
    words = np.random.SeedSequence(numbers).generate_state(8)
    np.random.seed(words)
    random.seed(words.tobytes())
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)

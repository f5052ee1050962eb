"""A data loader with workers, and memory after many opened videos."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _ours
import _peer
import cv2
import torch
from _measure import (
    ask_fresh_process,
    interleave,
    memory_mib,
    print_table,
    silence_warnings,
    times_faster,
)
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader, Dataset

from vsslcodebase.datasets.collate import collate_clips

BATCH_SIZE = 8
WARM_UP_OPENS = 50


class Repeated(Dataset):
    """A data set gone through several times, each worker with one thread."""

    def __init__(self, dataset: Any, length: int) -> None:
        self.dataset = dataset
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict:
        return self.dataset[index % len(self.dataset)]


def _start_worker(worker: int) -> None:
    """Give a worker one thread, and nothing to say on stdout."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    silence_warnings()


def _passes(
    dataset: Any, collate: Callable[[list], dict], num_batches: int
) -> Callable[[int], None]:
    """Return a round: one pass over so many batches."""
    loader = DataLoader(
        Repeated(dataset, num_batches * BATCH_SIZE),
        batch_size=BATCH_SIZE,
        num_workers=2,
        collate_fn=collate,
        worker_init_fn=_start_worker,
        persistent_workers=True,
        # decord hangs in a fork of a process that has used it.
        multiprocessing_context='spawn',
    )

    def go_through(number: int) -> None:
        count = sum(len(batch['inputs']) for batch in loader)
        assert count == num_batches * BATCH_SIZE

    return go_through


def measure(list_file: Path, num_batches: int, rounds: int) -> None:
    """Print the table of samples per second."""
    contestants = {
        'peer': _passes(
            _peer.build_dataset(list_file, 112), pseudo_collate, num_batches
        )
    }
    for way in ('worker', 'preprocessor'):
        dataset = _ours.build_dataset(list_file, 112, way)
        contestants[way] = _passes(dataset, collate_clips, num_batches)
    seconds = interleave(
        contestants, rounds, clock=time.perf_counter, label='data loader'
    )
    samples = num_batches * BATCH_SIZE
    print_table(
        ['way', 'samples a second', 'times faster than the peer', 'target'],
        [
            [
                name,
                samples / sorted(times)[len(times) // 2],
                times_faster(seconds['peer'], times),
                '' if name == 'peer' else 1.7,
            ]
            for name, times in seconds.items()
        ],
    )


def growth_mib(list_file: Path, opens: int) -> float:
    """Return how much a fresh process grows over so many samples."""
    return ask_fresh_process(__file__, str(list_file), str(opens))


def print_growth(list_file: Path, opens: int) -> None:
    """Print the growth of this process, in MiB."""
    _start_worker(0)
    dataset = _ours.build_dataset(list_file, 112, 'worker')
    for number in range(WARM_UP_OPENS + opens):
        if number == WARM_UP_OPENS:
            held = memory_mib('VmRSS')
        dataset[number % len(dataset)]
    print(memory_mib('VmRSS') - held)


if __name__ == '__main__':
    print_growth(Path(sys.argv[1]), int(sys.argv[2]))

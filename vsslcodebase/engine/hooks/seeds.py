"""Randomness that is a function of (seed, epoch, iteration), not of history.

A run that is resumed must draw what the uninterrupted run would have drawn.
Storing the generators' states with the checkpoint would tie the run to its
number of workers, to when it validates and to the device. Seeding anew from
the position in the run needs nothing stored.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook

from vsslcodebase.datasets.sample_state import seeded
from vsslcodebase.registry import HOOKS

EPOCH, ITERATION = 0, 1  # keeps the two families of seeds apart


def common_seed(runner: Any) -> int:
    """Return the seed that all processes share.

    With ``diff_rank_seed`` mmengine adds the rank to ``runner.seed``; sampler
    and dataset must agree on all ranks nevertheless.
    """
    differs = runner._randomness_cfg.get('diff_rank_seed', False)
    return runner.seed - (runner.rank if differs else 0)


def nested_datasets(dataset: Any) -> Iterator[Any]:
    """Yield a dataset and all that it wraps (Concat, Repeat, Slice, ...)."""
    yield dataset
    inner = getattr(dataset, 'dataset', None)
    children = [] if inner is None else [inner]
    for child in [*children, *getattr(dataset, 'datasets', [])]:
        yield from nested_datasets(child)


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Tell the training data the seed of the run and the epoch.

    Datasets that have ``set_seed`` and ``set_epoch`` (``VideoListDataset``)
    then draw each sample from (seed, epoch, index), whichever worker makes
    it. The sampler gets the seed too: a resumed run takes over the seed of
    its checkpoint only after mmengine has built the sampler.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Any) -> None:
        """Set the seed, once the checkpoint's is known."""
        seed = common_seed(runner)
        self._call(runner, 'set_seed', seed)
        loader = runner.train_dataloader
        inner = getattr(loader.batch_sampler, 'sampler', None)
        for sampler in (loader.sampler, inner):
            if sampler is not None and hasattr(sampler, 'seed'):
                sampler.seed = seed

    def before_train_epoch(self, runner: Any) -> None:
        """Set the epoch before the workers start on it."""
        self._call(runner, 'set_epoch', runner.epoch)

    @staticmethod
    def _call(runner: Any, method: str, value: int) -> None:
        for dataset in nested_datasets(runner.train_dataloader.dataset):
            if hasattr(dataset, method):
                getattr(dataset, method)(value)


@HOOKS.register_module()
class StepSeedHook(Hook):
    """Seed torch, numpy and ``random`` of this process at every step.

    What the model draws (dropout, permutations) then depends on the seed and
    the iteration alone. Costs about 0.1 ms a step.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner: Any) -> None:
        """Seed what the data loader draws for its workers."""
        seed_everything(runner.seed, EPOCH, runner.epoch)

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Seed what the model draws in this step."""
        del batch_idx, data_batch
        seed_everything(runner.seed, ITERATION, runner.iter)


def seed_everything(*key: int) -> None:
    """Seed all generators of this process from a few numbers.

    Args:
        key: non-negative integers; each combination gives other streams.
    """
    words = np.random.SeedSequence(key).generate_state(2, np.uint64)
    torch.manual_seed(int(words[0]))
    np.random.seed(int(words[1]) % 2**32)
    random.seed(int(words[1]))


@contextmanager
def generators_kept() -> Iterator[None]:
    """Seed all generators of this process; give them back as they were.

    What is drawn meanwhile, by data loaders too, changes nothing of a run.
    """
    on_gpu = torch.cuda.is_available()
    devices = [torch.cuda.current_device()] if on_gpu else []
    with torch.random.fork_rng(devices), seeded(0):
        torch.manual_seed(0)
        yield

"""Seeds depend on the position in the run, and on nothing else."""

import random
import types

import numpy as np
import pytest
import torch

from vsslcodebase.engine.hooks import EpochSeedHook, StepSeedHook
from vsslcodebase.engine.hooks.seeds import (
    EPOCH,
    ITERATION,
    nested_datasets,
    seed_everything,
)


class Recorder:
    """A data set that notes what it is told."""

    def __init__(self):
        self.told = []

    def set_seed(self, seed):
        self.told.append(('seed', seed))

    def set_epoch(self, epoch):
        self.told.append(('epoch', epoch))


def make_runner(dataset=None, seed=7, rank=0, differs=False, **position):
    sampler = types.SimpleNamespace(seed=None)
    loader = types.SimpleNamespace(
        dataset=dataset,
        sampler=sampler,
        batch_sampler=types.SimpleNamespace(sampler=sampler),
    )
    return types.SimpleNamespace(
        train_dataloader=loader,
        seed=seed,
        rank=rank,
        _randomness_cfg=dict(diff_rank_seed=differs),
        **position,
    )


def draws():
    return torch.rand(1).item(), np.random.rand(), random.random()


@pytest.fixture(autouse=True)
def keep_generators():
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    yield
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])
    random.setstate(states[2])


def test_all_three_generators_follow_the_iteration():
    hook = StepSeedHook()
    seen = []
    for iteration in (3, 4, 3):
        hook.before_train_iter(make_runner(iter=iteration), batch_idx=0)
        seen.append(draws())
        draws()  # what else is drawn in a step leaves no trace
    assert seen[0] == seen[2]
    assert all(a != b for a, b in zip(seen[0], seen[1]))


def test_keys_give_distinct_streams():
    keys = [(0, EPOCH, 1), (0, ITERATION, 1), (1, EPOCH, 0), (1, EPOCH, 1)]
    seen = set()
    for key in keys:
        seed_everything(*key)
        seen.update(draws())
    assert len(seen) == 3 * len(keys)


def test_data_and_sampler_are_told_seed_and_epoch():
    dataset = Recorder()
    runner = make_runner(dataset, epoch=5)
    hook = EpochSeedHook()
    hook.before_train(runner)
    hook.before_train_epoch(runner)
    assert dataset.told == [('seed', 7), ('epoch', 5)]
    assert runner.train_dataloader.sampler.seed == 7


def test_ranks_with_own_seeds_agree_on_the_data():
    dataset = Recorder()
    runner = make_runner(dataset, seed=7 + 3, rank=3, differs=True)
    EpochSeedHook().before_train(runner)
    assert dataset.told == [('seed', 7)]
    assert runner.train_dataloader.sampler.seed == 7


def test_wrapped_datasets_are_found():
    inner = [Recorder(), Recorder()]
    concat = types.SimpleNamespace(datasets=inner)
    repeat = types.SimpleNamespace(dataset=concat)
    assert list(nested_datasets(repeat)) == [repeat, concat, *inner]


def test_foreign_datasets_and_samplers_are_left_alone():
    runner = make_runner(dataset=[1, 2, 3], epoch=0)
    del runner.train_dataloader.sampler.seed
    hook = EpochSeedHook()
    hook.before_train(runner)
    hook.before_train_epoch(runner)
    assert not hasattr(runner.train_dataloader.sampler, 'seed')

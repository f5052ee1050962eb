"""The batches of a resumed epoch."""

import types

import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

from vsslcodebase.engine import ResumableTrainLoop
from vsslcodebase.engine.loops import SkippingBatchSampler


class Numbers(torch.utils.data.Dataset):
    """Says which indices were asked for."""

    def __init__(self):
        self.asked = []

    def __len__(self):
        return 10

    def __getitem__(self, index):
        self.asked.append(index)
        return index


class FakeRunner:
    """As much of a Runner as the loop touches."""

    def __init__(self):
        self.steps, self.calls, self.infos = [], [], []
        self.model = types.SimpleNamespace(
            train=lambda: None, train_step=self.train_step
        )
        self.optim_wrapper = self.val_loop = None
        self.visualizer = types.SimpleNamespace()
        self.logger = types.SimpleNamespace(info=self.infos.append)

    def train_step(self, batch, optim_wrapper):
        self.steps.append(batch.tolist())

    def call_hook(self, name, **details):
        self.calls.append((name, details.get('batch_idx')))


@pytest.fixture
def loop():
    def make(dataset=None, **options):
        loader = DataLoader(dataset or Numbers(), batch_size=3, **options)
        return ResumableTrainLoop(FakeRunner(), loader, max_epochs=2)

    return make


def resume(loop, epoch, iteration):
    loop._epoch, loop._iter = epoch, iteration
    loop.run()
    return loop.runner


def test_a_run_from_the_start_sees_everything(loop):
    runner = resume(loop(), 0, 0)
    assert runner.steps == 2 * [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


def test_the_rest_of_an_epoch_and_then_whole_ones(loop):
    dataset = Numbers()
    runner = resume(loop(dataset), 0, 2)
    epoch = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert runner.steps == epoch[2:] + epoch
    assert dataset.asked[:4] == [6, 7, 8, 9]  # nothing was read to skip it
    before = [
        index for name, index in runner.calls if 'before_train_it' in name
    ]
    assert before == [2, 3, 0, 1, 2, 3]
    assert 'goes on after 2 of 4 batches' in runner.infos[0]


def test_an_epoch_with_nothing_left_is_still_ended(loop):
    runner = resume(loop(), 0, 4)
    names = [name for name, _ in runner.calls]
    assert names.count('after_train_epoch') == 2
    assert len(runner.steps) == 4


def test_workers_skip_alike(loop):
    runner = resume(loop(num_workers=1, persistent_workers=True), 1, 6)
    assert runner.steps == [[6, 7, 8], [9]]


@pytest.mark.parametrize(('epoch', 'iteration'), [(0, 5), (1, 3)])
def test_an_iteration_of_another_epoch_is_refused(loop, epoch, iteration):
    with pytest.raises(ValueError, match='does not lie in epoch'):
        resume(loop(), epoch, iteration)


def test_the_wrapped_batch_sampler_stays_in_reach():
    sampler = RandomSampler(range(10))
    skipping = SkippingBatchSampler(BatchSampler(sampler, 4, drop_last=True))
    assert skipping.sampler is sampler  # DistSamplerSeedHook looks there
    assert skipping.batch_size == 4
    skipping.skip = 1
    assert len(list(skipping)) == 1
    assert len(skipping) == 2  # of a whole epoch: schedules count on it


def test_an_epoch_without_a_batch_is_refused():
    loader = DataLoader(Numbers(), batch_size=11, drop_last=True)
    with pytest.raises(ValueError, match=r'epoch of 10 videos .* batch of 11'):
        ResumableTrainLoop(FakeRunner(), loader, max_epochs=2)

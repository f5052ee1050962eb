"""The same share of the run after a change of the batch size."""

import types

import pytest
import torch

from vsslcodebase.engine import WarmupCosineLR
from vsslcodebase.engine.hooks import ResumeCheckHook
from vsslcodebase.engine.schedules import warmup_cosine

EPOCHS = 4


class FakeRunner:
    """A Runner at some iteration of epochs of some length."""

    def __init__(
        self,
        world_size,
        batch_size,
        epoch_length,
        scale=False,
        max_epochs=EPOCHS,
        lr=1.0,
    ):
        self.world_size = world_size
        self.max_epochs = max_epochs
        self.train_dataloader = Loader(batch_size, epoch_length)
        self.train_loop = types.SimpleNamespace(
            _epoch=0, _iter=0, _max_iters=max_epochs * epoch_length
        )
        self.auto_scale_lr = dict(enable=scale)
        parameter = torch.nn.Parameter(torch.zeros(1))
        self.optim_wrapper = torch.optim.SGD([parameter], lr=lr)
        self.optim_wrapper.initialize_count_status = self.count
        self.counted, self.warnings, self.infos = [], [], []
        self.logger = types.SimpleNamespace(
            warning=self.warnings.append, info=self.infos.append
        )
        self.model, self._resume = None, True
        self.cfg = types.SimpleNamespace(param_scheduler='ours')
        self.param_schedulers = self.build_param_scheduler('ours')

    @property
    def iter(self):
        return self.train_loop._iter

    @property
    def epoch(self):
        return self.train_loop._epoch

    def count(self, model, done, total):
        self.counted.append((done, total))

    def build_param_scheduler(self, cfg):
        end = self.max_epochs * len(self.train_dataloader)
        return [WarmupCosineLR(self.optim_wrapper, end=end, by_epoch=False)]


class Loader:
    def __init__(self, batch_size, length):
        self.batch_sampler = types.SimpleNamespace(batch_size=batch_size)
        self.length = length

    def __len__(self):
        return self.length


def resume(written, now, epoch=1, iteration=15):
    """Write a checkpoint in one run, resume it in another."""
    checkpoint = dict(meta={})
    hook = ResumeCheckHook()
    hook.before_save_checkpoint(written, checkpoint)
    hook.after_load_checkpoint(now, checkpoint)
    now.train_loop._epoch, now.train_loop._iter = epoch, iteration
    hook.before_train(now)
    return now


def test_twice_the_batch_is_half_the_iterations():
    # epoch 1 (of 0..3) half done: iteration 15 of 10 a step, 7 of 5 a step
    now = resume(FakeRunner(2, 8, 10), FakeRunner(4, 8, 5))
    assert now.iter == 5 + 2
    assert now.counted == [(7, 20)]
    (group,) = now.optim_wrapper.param_groups
    assert group['lr'] == pytest.approx(warmup_cosine(7, 20, 0.05))
    (text,) = now.warnings
    assert 'Checkpoint: 2 x 8 videos a step, 10 steps an epoch' in text
    assert 'Now: 4 x 8 videos a step, 5 steps an epoch' in text
    assert '--auto-scale-lr multiplies it by 2' in text


def test_the_schedule_goes_on_from_there():
    now = resume(FakeRunner(2, 8, 10), FakeRunner(4, 8, 5))
    now.optim_wrapper.step()
    now.param_schedulers[0].step()
    (group,) = now.optim_wrapper.param_groups
    assert group['lr'] == pytest.approx(warmup_cosine(8, 20, 0.05))


def test_auto_scale_multiplies_the_rate():
    now = resume(FakeRunner(2, 8, 10), FakeRunner(1, 8, 20, scale=True))
    assert now.iter == 20 + 10
    (group,) = now.optim_wrapper.param_groups
    assert group['lr'] == pytest.approx(0.5 * warmup_cosine(30, 80, 0.05))
    assert 'was multiplied by 0.5' in now.warnings[0]


def test_the_same_batch_on_other_processes_changes_nothing():
    now = resume(FakeRunner(2, 8, 10), FakeRunner(4, 4, 10))
    assert (now.iter, now.warnings, now.counted) == (15, [], [])
    assert 'now: 4 x 4 videos' in now.infos[0]


def test_the_same_step_says_nothing():
    now = resume(FakeRunner(2, 8, 10), FakeRunner(2, 8, 10))
    assert (now.iter, now.warnings, now.infos) == (15, [], [])


@pytest.mark.parametrize('max_epochs', [2, 40])
def test_another_length_follows_the_schedule_of_that_length(max_epochs):
    was, now = FakeRunner(2, 8, 10), FakeRunner(2, 8, 10, False, max_epochs)
    resume(was, now)
    (group,) = now.optim_wrapper.param_groups
    total = 10 * max_epochs
    assert group['lr'] == pytest.approx(warmup_cosine(15, total, 0.05))
    now.optim_wrapper.step()
    now.param_schedulers[0].step()
    assert group['lr'] == pytest.approx(warmup_cosine(16, total, 0.05))
    (text,) = now.warnings
    assert 'RESUMED WITH ANOTHER LENGTH' in text
    assert 'Checkpoint: a run of 4 epochs' in text
    assert f'Now: {max_epochs}, of which {max_epochs - 1} are left' in text
    assert f'to {warmup_cosine(15, total, 0.05):.4g}.' in text


def test_another_length_and_batch_are_both_told():
    now = FakeRunner(4, 8, 5, max_epochs=8)
    resume(FakeRunner(2, 8, 10), now)
    assert now.iter == 5 + 2
    (group,) = now.optim_wrapper.param_groups
    assert group['lr'] == pytest.approx(warmup_cosine(7, 40, 0.05))
    assert ['BATCH' in text for text in now.warnings] == [True, False]
    assert ['LENGTH' in text for text in now.warnings] == [False, True]


def test_checkpoints_that_do_not_tell_their_length_pass():
    hook, now = ResumeCheckHook(), FakeRunner(2, 8, 10, max_epochs=9)
    checkpoint = dict(meta={})
    hook.before_save_checkpoint(FakeRunner(2, 8, 10), checkpoint)
    del checkpoint['meta']['max_epochs']
    hook.after_load_checkpoint(now, checkpoint)
    hook.before_train(now)
    assert now.warnings == []


def test_a_start_from_weights_is_no_resume():
    now = FakeRunner(4, 8, 5)
    now._resume = False
    assert resume(FakeRunner(2, 8, 10), now).warnings == []


def test_checkpoints_of_other_programs_pass():
    hook, now = ResumeCheckHook(), FakeRunner(4, 8, 5)
    hook.after_load_checkpoint(now, dict(meta={}))
    hook.before_train(now)
    assert now.warnings == []

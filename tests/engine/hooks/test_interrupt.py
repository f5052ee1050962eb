"""Signals: noted, agreed on, acted on between two steps."""

import multiprocessing
import os
import signal
import subprocess
import time
import types

import pytest
from mmengine.hooks import EMAHook
from mmengine.runner import EpochBasedTrainLoop

from vsslcodebase.engine.hooks import InterruptHook, interrupt
from vsslcodebase.engine.loops import ResumableTrainLoop


class FakeRunner:
    """As much of a Runner as the hook touches."""

    def __init__(self, work_dir, resumable=True, updates=True):
        cls = ResumableTrainLoop if resumable else EpochBasedTrainLoop
        self.train_loop = object.__new__(cls)
        self.train_loop.dataloader = types.SimpleNamespace(worker_init_fn=None)
        self.val_loop = None
        self.work_dir, self.saved, self.warnings = str(work_dir), [], []
        self.world_size, self.rank, self.epoch, self.iter = 1, 0, 2, 9
        self.hooks = []
        self.optim_wrapper = types.SimpleNamespace(
            should_update=lambda: updates
        )
        self.logger = types.SimpleNamespace(warning=self.warnings.append)

    def save_checkpoint(self, folder, filename, meta, by_epoch):
        self.saved.append((filename, meta))


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """Signals that reach the handlers of before; handlers are restored."""
    received = []
    caught = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in caught]
    for number in caught:
        signal.signal(number, lambda number, frame: received.append(number))
    yield received
    for number, handler in zip(caught, before):
        signal.signal(number, handler)


def step(hook, runner):
    hook.after_train_iter(runner, batch_idx=0)


def test_it_stops_after_the_step_with_the_signals_code(tmp_path):
    hook, runner = InterruptHook(), FakeRunner(tmp_path)
    hook.before_train(runner)
    step(hook, runner)  # nothing has happened
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(SystemExit) as stop:
        step(hook, runner)
    assert stop.value.code == 130
    assert runner.saved == [('interrupted.pth', dict(epoch=2, iter=10))]
    pointer = (tmp_path / 'last_checkpoint').read_text()
    assert pointer == str(tmp_path / 'interrupted.pth')
    assert 'SIGINT: stopped after iteration 10' in runner.warnings[0]


def test_half_accumulated_gradients_are_finished_first(tmp_path):
    hook, runner = InterruptHook(), FakeRunner(tmp_path, updates=False)
    hook.before_train(runner)
    signal.raise_signal(signal.SIGTERM)
    step(hook, runner)
    assert runner.saved == []
    runner.optim_wrapper.should_update = lambda: True
    with pytest.raises(SystemExit):
        step(hook, runner)


def test_another_train_loop_is_not_given_a_half_epoch(tmp_path):
    hook, runner = InterruptHook(), FakeRunner(tmp_path, resumable=False)
    hook.before_train(runner)
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stop:
        step(hook, runner)
    assert stop.value.code == 143
    assert runner.saved == []
    assert 'without a checkpoint' in runner.warnings[0]


def test_an_echo_is_ignored_and_a_second_request_is_not(
    tmp_path, heard, monkeypatch
):
    hook, runner = InterruptHook(), FakeRunner(tmp_path)
    hook.before_train(runner)
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)  # the launcher passes it on
    assert heard == []
    now = time.monotonic()
    monkeypatch.setattr(interrupt.time, 'monotonic', lambda: now + 60)
    signal.raise_signal(signal.SIGINT)
    assert heard == [signal.SIGINT]


def test_after_training_signals_are_as_before(tmp_path, heard):
    hook, runner = InterruptHook(), FakeRunner(tmp_path)
    hook.before_train(runner)
    hook.after_train(runner)
    signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_a_validation_is_left_unless_the_weights_are_averaged(tmp_path):
    hook, runner = InterruptHook(), FakeRunner(tmp_path)
    hook.before_train(runner)
    signal.raise_signal(signal.SIGTERM)
    runner.hooks = [object.__new__(EMAHook)]
    hook.after_val_iter(runner, batch_idx=0)
    assert runner.saved == []
    runner.hooks = []
    with pytest.raises(SystemExit):
        hook.after_val_iter(runner, batch_idx=0)
    meta = dict(epoch=2, iter=9, validation_due=True)
    assert runner.saved == [('interrupted.pth', meta)]


def test_a_stopped_validation_is_run_first_on_resume(tmp_path):
    runs = []
    hook, runner = InterruptHook(), FakeRunner(tmp_path)
    runner.val_loop = types.SimpleNamespace(
        dataloader=types.SimpleNamespace(worker_init_fn=None),
        run=lambda: runs.append(1),
    )
    checkpoint = dict(meta=dict(validation_due=True))
    runner._resume = False  # a start from its weights is no resume
    hook.after_load_checkpoint(runner, checkpoint)
    hook.before_train(runner)
    assert runs == []
    runner._resume = True
    hook.after_load_checkpoint(runner, checkpoint)
    hook.before_train(runner)
    assert runs == [1]


def worker(pipe):
    interrupt.start_worker(pipe.send, 3)
    time.sleep(60)


def test_a_data_worker_ends_when_its_parent_says_so():
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context('fork').Process(
        target=worker, args=(theirs,)
    )
    process.start()
    assert ours.recv() == 3  # its own initialisation was called, too
    for name in ('TERM', 'INT'):  # from another process, as a scheduler's
        subprocess.run(['bash', '-c', f'kill -{name} {process.pid}'])
    process.join(timeout=0.5)
    assert process.is_alive()
    os.kill(process.pid, signal.SIGTERM)
    process.join(timeout=10)
    assert process.exitcode == 0


def test_agree_every_is_positive():
    with pytest.raises(ValueError, match='at least 1, got 0'):
        InterruptHook(agree_every=0)

"""What is said of a data worker that ended too early."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import resource
import signal
import threading
import time

import pytest
import torch
from torch.utils import data as torch_data
from torch.utils.data import DataLoader, Dataset

from vsslcodebase.engine.lost_workers import (
    explain_lost_worker,
    kill_workers,
    stop_watching,
)
from vsslcodebase.engine.misuse import sentence_of


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Look every 0.1 instead of every 5 seconds whether workers live."""
    monkeypatch.setattr(torch_data._utils, 'MP_STATUS_CHECK_INTERVAL', 0.1)
    look = torch_data.dataloader._MultiProcessingDataLoaderIter._try_get_data
    monkeypatch.setattr(look, '__defaults__', (0.1,))


@pytest.fixture
def no_handler(monkeypatch):
    """Let the loader find out; torch's handler would also hit pytest."""
    monkeypatch.setattr(
        torch_data._utils.signal_handling,
        '_error_if_any_worker_fails',
        lambda: None,
    )


class Dying(Dataset):
    """Its worker ends by a signal, or (number below 1) by an exit code."""

    def __init__(self, number):
        self.number = number

    def __len__(self):
        return 8

    def __getitem__(self, index):
        if index == 5 and self.number > 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            faulthandler.disable()  # pytest's
            os.kill(os.getpid(), self.number)
        if index == 5:
            os._exit(-self.number)
        return torch.zeros(2)


def lose(number):
    loader = DataLoader(Dying(number), num_workers=2)
    # a connection to the worker may break before the loader misses it
    with pytest.raises((RuntimeError, OSError, EOFError)) as caught:
        list(loader)
    told = sentence_of(caught.value)
    kill_workers()  # or pytest waits 5 seconds for the other one
    return told


@pytest.mark.parametrize(
    ('number', 'words'),
    [
        (signal.SIGKILL, ['(SIGKILL)', 'memory ran out', 'lower num_workers']),
        (signal.SIGSEGV, ['(SIGSEGV)', 'video decoder', 'doctor.py']),
        (signal.SIGABRT, ['(SIGABRT)', 'video decoder', 'doctor.py']),
        (signal.SIGBUS, ['(SIGBUS)', '/dev/shm', '--shm-size']),
        (signal.SIGUSR1, ['(SIGUSR1)', 'by somebody']),
        (signal.SIGRTMIN + 1, [f'(signal {signal.SIGRTMIN + 1})']),
        (-3, ['ended with exit code 3']),
    ],
)
def test_what_ended_a_worker_is_named(no_handler, number, words):
    told = lose(number)
    assert told.startswith('a data loader worker ')
    assert '\n' not in told
    for word in words:
        assert word in told


def test_a_signal_that_arrives_in_the_midst_of_a_step_is_named():
    """torch raises from its handler, wherever the process is just then."""
    iterator = iter(DataLoader(Dying(0), num_workers=1))
    next(iterator)
    killer = threading.Timer(
        0.2, os.kill, (iterator._workers[0].pid, signal.SIGKILL)
    )
    killer.start()
    with pytest.raises(RuntimeError) as caught:
        time.sleep(10)  # as if the model computed
    stop_watching()
    assert '(SIGKILL)' in sentence_of(caught.value)


@pytest.mark.parametrize(
    'message',
    [
        'unable to write to file </torch_12_3>: No space left on device (28)',
        'Caught RuntimeError in DataLoader worker process 1.\nunable to '
        'allocate shared memory(shm) for file </torch_1>: No space left on',
    ],
)
def test_full_shared_memory_is_named(message):
    told = explain_lost_worker(RuntimeError(message))
    assert 'could not pass on a batch' in told
    assert '--shm-size' in told


def test_a_timeout_is_named():
    class Slow(Dying):
        def __getitem__(self, index):
            time.sleep(10)

    loader = DataLoader(Slow(0), num_workers=1, timeout=0.2)
    with pytest.raises(RuntimeError) as caught:
        list(loader)
    told = sentence_of(caught.value)
    assert told.startswith('no batch came from the data loader for 0.2 sec')


@pytest.mark.parametrize('text', ['', 'No space left on device', 'worker'])
def test_other_errors_are_not_explained(text):
    assert explain_lost_worker(RuntimeError(text)) is None


def test_workers_that_are_left_are_killed_without_an_error():
    iterator = iter(DataLoader(Dying(0), num_workers=2))
    kill_workers()
    assert multiprocessing.active_children() == []
    assert [worker.exitcode for worker in iterator._workers] == [-9, -9]

"""Functions that crash, hang or raise in processes that are watched."""

from __future__ import annotations

import faulthandler
import io
import multiprocessing
import os
import signal
import time

import pytest

from vsslcodebase.datasets.isolation import Outcome, Progress, run_isolated


def act(item):
    """Do what the item says, in place of a decoder."""
    if item == 'exit':
        os._exit(3)
    if item == 'abort':
        faulthandler.disable()  # pytest's would print pages
        os.kill(os.getpid(), signal.SIGABRT)
    if item == 'kill':
        os.kill(os.getpid(), signal.SIGKILL)
    if item == 'hang':
        signal.pause()
    if item == 'raise':
        raise LookupError('no such thing')
    return item * 2


def run(items, **options):
    return dict(run_isolated(act, items, **options))


@pytest.mark.parametrize('workers', [1, 2, 5])
def test_each_item_has_its_outcome(workers):
    items = list(range(11))
    expected = {index: Outcome(index * 2) for index in items}
    assert run(items, workers=workers) == expected


@pytest.mark.parametrize('workers', [1, 3])
def test_failures_are_named_and_the_others_go_on(workers):
    items = ['a', 'exit', 'hang', 'b', 'abort', 'kill', 'c']
    outcomes = run(items, workers=workers, limit_sec=0.5)
    reason = 'the process that read it'
    assert [outcomes[index] for index in range(len(items))] == [
        Outcome('aa'),
        Outcome(None, 'crashed', f'{reason} ended with code 3'),
        Outcome(None, 'timed out', 'not done after 0.5 s'),
        Outcome('bb'),
        Outcome(None, 'crashed', f'{reason} died of SIGABRT'),
        Outcome(
            None,
            'crashed',
            f'{reason} died of SIGKILL, perhaps for want of memory',
        ),
        Outcome('cc'),
    ]


@pytest.fixture
def children():
    """Return a function that gives the processes of this test alone."""
    others = set(multiprocessing.active_children())
    return lambda: set(multiprocessing.active_children()) - others


def test_only_as_many_processes_as_asked_for_and_none_is_left(children):
    counts = []
    for _ in run_isolated(act, list(range(6)), workers=2):
        counts.append(len(children()))
    assert max(counts) == 2
    assert not children()


def test_a_caller_that_stops_leaves_no_process(children):
    outcomes = run_isolated(act, ['a', 'hang', 'hang'], workers=3)
    assert next(outcomes) == (0, Outcome('aa'))
    outcomes.close()
    assert not children()


def test_an_exception_is_raised_here_with_its_item(children):
    with pytest.raises(LookupError, match='no such thing') as caught:
        run(['a', 'raise', 'b'])
    assert "'raise'" in caught.value.__notes__[0]
    assert not children()


def test_a_limit_is_for_one_call_not_for_all():
    outcomes = dict(run_isolated(nap, [0.2] * 4, limit_sec=0.6))
    assert [outcomes[index].failure for index in range(4)] == [''] * 4


def nap(seconds):
    time.sleep(seconds)


def test_workers_end_when_their_parent_is_killed():
    """Nobody closes the pipes but the system."""
    ours, theirs = multiprocessing.Pipe()
    parent = multiprocessing.get_context('fork').Process(
        target=report_pids, args=(theirs,)
    )
    parent.start()
    pids = {ours.recv() for _ in range(2)}
    parent.kill()
    parent.join()
    until = time.monotonic() + 5
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < until, f'{pids} are still there'
        time.sleep(0.01)


def report_pids(connection):
    """Tell the process ids of two workers, then wait to be killed."""
    for _, outcome in run_isolated(pid_after_a_moment, [0, 1], workers=2):
        connection.send(outcome.value)
        if outcome.value is None:
            break
    signal.pause()


def pid_after_a_moment(_):
    time.sleep(0.1)
    return os.getpid()


def is_running(pid):
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False


@pytest.mark.parametrize('options', [{'workers': 0}, {'limit_sec': 0}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match='at least one worker and a limit'):
        run(['a'], **options)


def test_nothing_to_do_is_done_at_once():
    assert run([]) == {}


def test_a_log_gets_one_line_and_a_terminal_a_changing_one():
    log, terminal = io.StringIO(), io.StringIO()
    terminal.isatty = lambda: True
    for stream in (log, terminal):
        progress = Progress('Reading', 3, stream)
        progress._pause_sec = 60 if stream is log else 0
        for _ in range(3):
            progress.step()
    assert log.getvalue().startswith('Reading: 3/3, ')
    assert log.getvalue().count('\n') == 1
    shown = terminal.getvalue().split('\r\x1b[K')
    assert [line.split(',')[0] for line in shown[1:]] == [
        'Reading: 1/3',
        'Reading: 2/3',
        'Reading: 3/3',
    ]
    assert terminal.getvalue().count('\n') == 1
    assert 'left' in shown[1]

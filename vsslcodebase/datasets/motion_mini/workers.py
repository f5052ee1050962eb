"""Do a list of jobs in several processes, without influence on the result."""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import cv2

Job = Callable[[int], None]
Report = Callable[[int], None]


def run_jobs(job: Job, count: int, workers: int, report: Report) -> None:
    """Call ``job(n)`` for every n below ``count``.

    Args:
        job: Must not depend on the order of the calls.
        count: Number of jobs.
        workers: Processes; 0 does the jobs in this one.
        report: Called with the number of jobs begun, now and then.

    Raises:
        ValueError: If a job raised one: bad input.
        RuntimeError: If a job failed otherwise, or a worker died.
    """
    if workers == 0:
        for n in range(count):
            job(n)
            report(n + 1)
        return
    # fork where it is safe: workers start at once and need no pickling.
    context: Any = mp.get_context(
        'fork' if sys.platform == 'linux' else 'spawn'
    )
    taken = context.Value('q', 0)  # hands out the jobs, and counts them
    errors = context.SimpleQueue()
    crew = [
        context.Process(
            target=_work, args=(job, count, taken, errors), daemon=True
        )
        for _ in range(min(workers, count))
    ]
    try:
        for process in crew:
            process.start()
        while any(process.is_alive() for process in crew) and errors.empty():
            report(min(taken.value, count))
            time.sleep(0.1)
        _raise_first(errors)
    finally:
        for process in crew:
            process.terminate()
            process.join()
    if any(process.exitcode for process in crew):
        codes = [process.exitcode for process in crew]
        raise RuntimeError(f'a worker died; exit codes {codes}')
    report(count)


def _work(job: Job, count: int, taken: Any, errors: Any) -> None:
    """Take jobs until none is left or the parent is gone (in a worker)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not a forked handler
    cv2.setNumThreads(0)
    parent = os.getppid()
    try:
        while os.getppid() == parent:
            with taken.get_lock():
                n = taken.value
                taken.value += 1
            if n >= count:
                return
            job(n)
    except ValueError as error:
        errors.put((True, str(error)))
    except Exception:
        errors.put((False, traceback.format_exc()))


def _raise_first(errors: Any) -> None:
    """Raise what the first failing worker reported, if any did."""
    if errors.empty():
        return
    is_input, text = errors.get()
    if is_input:
        raise ValueError(text)
    raise RuntimeError(f'a worker failed:\n{text}')

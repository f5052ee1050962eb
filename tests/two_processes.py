"""Two processes that talk by gloo, for the tests of what is distributed.

A process group is not taken down here: threads of libraries may abort or
hang the end of an interpreter, rarely and on busy machines. A process writes
what it found, waits for the other one, and is gone.
"""

import datetime
import faulthandler
import os
import time
import traceback
from multiprocessing import get_context

import torch
import torch.distributed as dist

TIME_LIMIT = 240  # seconds; a minute on a busy machine is usual


def run_two(visit, folder, *args):
    """Call ``visit(rank, folder, *args)`` in each of two processes.

    Args:
        visit: A function of a module's top level. A process group of gloo
            is there when it is called; it uses one thread.
        folder: An existing folder that is the test's own.
        args: More arguments of ``visit``, picklable.

    Returns:
        What rank 0 and what rank 1 returned, through ``torch.save``.

    Raises:
        AssertionError: A process raised, ended early or was late; with its
            traceback, or with the stacks of all its threads.
    """
    context = get_context('spawn')
    processes = [
        context.Process(target=_enter, args=(rank, visit, folder, args))
        for rank in (0, 1)
    ]
    for process in processes:
        process.start()
    try:
        _wait(processes, folder)
    finally:
        for process in processes:
            process.kill()
            process.join()
    return [
        torch.load(folder / f'rank{rank}.pt', weights_only=False)
        for rank in (0, 1)
    ]


def _wait(processes, folder):
    """Return when both have ended well; raise for the first that has not."""
    end = time.monotonic() + TIME_LIMIT
    while any(process.exitcode is None for process in processes):
        time.sleep(0.02)
        for rank, process in enumerate(processes):
            code = process.exitcode
            # The other one would wait for this one as long as gloo does
            assert code in (None, 0), _story(rank, folder, f'ended by {code}')
            assert code == 0 or time.monotonic() < end, _story(
                rank, folder, f'had not ended after {TIME_LIMIT} s'
            )


def _story(rank, folder, what):
    path = folder / f'rank{rank}.txt'
    text = path.read_text() if path.exists() else 'it left no word'
    return f'process {rank} {what}:\n{text}'


def _enter(rank, visit, folder, args):
    torch.set_num_threads(1)
    with (folder / f'rank{rank}.txt').open('w') as story:
        faulthandler.enable(story)
        faulthandler.dump_traceback_later(TIME_LIMIT - 10, file=story)
        try:
            dist.init_process_group(
                'gloo',
                f'file://{folder}/gloo',
                rank=rank,
                world_size=2,
                timeout=datetime.timedelta(seconds=TIME_LIMIT),
            )
            found = visit(rank, folder, *args)
            torch.save(found, folder / f'rank{rank}.pt')
            dist.barrier()
        except BaseException:
            traceback.print_exc(file=story)
            story.flush()
            os._exit(1)
        os._exit(0)

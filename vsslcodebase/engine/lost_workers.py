"""What became of a data loader's worker that ended before its work did.

torch says that a worker "exited unexpectedly". The user has to know what
ended it, because each way to end has its own remedy.
"""

from __future__ import annotations

import multiprocessing
import re
import signal
import threading
import traceback
from multiprocessing.connection import wait
from typing import Any

from torch.utils.data._utils import signal_handling
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

LOST = re.compile(r'DataLoader worker \(pid')
TIMED_OUT = re.compile(r'DataLoader timed out after ([\d.]+) seconds')
BY_SIGNAL = re.compile(r'is killed by signal: (.+?)\. ')
BY_CODE = re.compile(r'with exit code (\d+)')
NO_SHARED_MEMORY = re.compile(
    r'(unable to .*</torch_|shared memory).*No space left', re.DOTALL
)

TIMEOUT_SEC = 300

LESS = (
    'lower num_workers, prefetch_factor or batch_size of the data loader, '
    'for training and validation alike'
)
CRASH = (
    'most likely by a file that crashes the video decoder: find it with '
    'tools/data/doctor.py and take it out of the list'
)
NO_ROOM = (
    'most likely because /dev/shm, the shared memory that batches pass '
    'through, is full: give the container more (docker run --shm-size=8g, or '
    f'--ipc=host), or {LESS}'
)
CAUSES: dict[int, str] = {
    signal.SIGKILL: 'most likely because memory ran out: give the job more, '
    f'or {LESS}',
    signal.SIGBUS: NO_ROOM,
    signal.SIGSEGV: CRASH,
    signal.SIGABRT: CRASH,
    signal.SIGFPE: CRASH,
    signal.SIGILL: CRASH,
}


def limit_waiting(loader: dict[str, Any] | None) -> None:
    """Let a data loader's config give up on workers that are stuck.

    torch waits for ever by default. A read from a network drive that does
    not answer then looks like a slow run; of several processes, the others
    die first, after 10 minutes, with a message about a collective. No data
    set that can be trained on needs ``TIMEOUT_SEC`` for a batch, so a config
    that says nothing gets this limit; ``timeout=0`` waits for ever.
    """
    if loader and loader.get('num_workers'):
        loader.setdefault('timeout', TIMEOUT_SEC)


def explain_lost_worker(error: BaseException) -> str | None:
    """Say what ended a worker, or what it waits for, and what to change.

    Args:
        error: Anything that came out of a run.

    Returns:
        A sentence; None if the error is not about a lost worker.
    """
    message = str(error)
    if NO_SHARED_MEMORY.search(message):
        return f'a data loader worker could not pass on a batch, {NO_ROOM}'
    late = TIMED_OUT.search(message)
    if late:
        return (
            f'no batch came from the data loader for {float(late[1]):g} '
            'seconds: a worker is stuck, most likely in a file system that '
            'does not answer. If reading is only slow, raise the timeout of '
            'the data loader (0: wait for ever)'
        )
    code = _exit_code(error)
    if not LOST.search(message) and (
        code is None or not isinstance(error, (OSError, EOFError))
    ):
        return None
    if code is None:
        how, cause = 'ended for an unknown reason', 'its message is above'
    elif code >= 0:
        how, cause = f'ended with exit code {code}', 'its message is above'
    else:
        name = _signal_name(-code)
        how = f'was killed by the system ({name})'
        cause = CAUSES.get(
            -code, 'by the scheduler or by somebody: its log tells more'
        )
    return f'a data loader worker {how}, {cause}'


def stop_watching() -> None:
    """Take away torch's signal handler, which raises for lost workers.

    It raises wherever the process happens to be, and again whenever another
    worker ends. Once a run has failed, that would only hide the reason.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # The next data loader of this process sets it again.
        signal_handling._SIGCHLD_handler_set = False


def kill_workers() -> None:
    """Kill the workers that are left: nothing will ask them for more.

    At its exit Python would wait for them, 5 seconds for each that is idle
    and without end for one that is stuck.
    """
    stop_watching()
    children = multiprocessing.active_children()
    for child in children:
        child.kill()
    for child in children:
        child.join(timeout=1)


def _exit_code(error: BaseException) -> int | None:
    """Return a lost worker's exit code, minus the number of its signal."""
    # The loader's processes know, if the error came out of it. What it meets
    # first may also be that nobody answers at the other end of a socket.
    for frame, _ in traceback.walk_tb(error.__traceback__):
        loader = frame.f_locals.get('self')
        if isinstance(loader, _MultiProcessingDataLoaderIter):
            ended = wait([w.sentinel for w in loader._workers], timeout=1)
            for worker in loader._workers:
                if worker.sentinel in ended:
                    worker.join(timeout=1)  # its sockets close before it ends
                    if worker.exitcode:
                        return worker.exitcode
            return None
    numbers = {signal.strsignal(n): n for n in signal.valid_signals()}
    text = f'{error} {error.__context__}'
    by_signal, by_code = BY_SIGNAL.search(text), BY_CODE.search(text)
    if by_signal and by_signal[1] in numbers:
        return -numbers[by_signal[1]]
    return int(by_code[1]) if by_code else None


def _signal_name(number: int) -> str:
    """Return 'SIGKILL' for 9; real-time signals have no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'signal {number}'

"""Running a function on many files, some of which crash or hang it.

A damaged video can kill the process that decodes it, or keep it busy for
ever. So each call runs in a process that can be killed and replaced; the
file that it worked on is known, and the others go on.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple, TextIO

# Workers must start in a moment, because a crash costs one; and nothing has
# been decoded in this process, so there are no locks that a fork would freeze.
_CONTEXT = multiprocessing.get_context('fork')


class Outcome(NamedTuple):
    """What became of one call.

    Attributes:
        value: What the function returned; None if it did not return.
        failure: 'crashed' or 'timed out'; '' if the function returned.
        reason: What is known of the failure.
    """

    value: Any = None
    failure: str = ''
    reason: str = ''


def run_isolated(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    workers: int = 1,
    limit_sec: float = 120,
) -> Iterator[tuple[int, Outcome]]:
    """Call ``function`` on each item, in processes that are watched.

    Args:
        function: What it returns and ``items`` can be pickled. An exception
            that it raises is raised here.
        items: Arguments, handed out in this order.
        workers: Processes at a time.
        limit_sec: Seconds after which a call is given up.

    Yields:
        The number of an item and its outcome, in the order of completion.
    """
    if workers < 1 or limit_sec <= 0:
        raise ValueError(
            'expected at least one worker and a limit above 0 seconds, got '
            f'workers={workers}, limit_sec={limit_sec}'
        )
    todo = iter(range(len(items)))
    running: list[_Worker] = []
    try:
        for index in todo:
            running.append(_Worker(function, running))
            running[-1].begin(index, items[index], limit_sec)
            if len(running) == workers:
                break
        while running:
            for worker in _those_ready(running):
                yield worker.index, worker.outcome(limit_sec)
                following = next(todo, None)
                if following is None or not worker.is_alive:
                    worker.kill()
                    running.remove(worker)
                if following is not None:
                    if worker not in running:
                        worker = _Worker(function, running)
                        running.append(worker)
                    worker.begin(following, items[following], limit_sec)
    finally:
        for worker in running:
            worker.kill()


def _those_ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait until calls have ended, or their time has."""
    first_deadline = min(worker.deadline for worker in workers)
    seconds = max(first_deadline - time.monotonic(), 0)
    answered = wait([worker.connection for worker in workers], seconds)
    now = time.monotonic()
    return [
        worker
        for worker in workers
        if worker.connection in answered or worker.deadline <= now
    ]


class _Worker:
    """A process that runs the function on what it is sent.

    Args:
        function: See :func:`run_isolated`.
        others: Workers that run already.
    """

    def __init__(
        self, function: Callable[[Any], Any], others: Sequence[_Worker]
    ) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        inherited = [self.connection, *(o.connection for o in others)]
        self._process = _CONTEXT.Process(
            target=_serve, args=(function, theirs, inherited), daemon=True
        )
        self._process.start()
        theirs.close()
        self.is_alive = True
        self.index = -1
        self.deadline = 0.0

    def begin(self, index: int, item: Any, limit_sec: float) -> None:
        """Send an item."""
        self.index = index
        self.deadline = time.monotonic() + limit_sec
        with contextlib.suppress(BrokenPipeError):  # as outcome() will find
            self.connection.send(item)

    def outcome(self, limit_sec: float) -> Outcome:
        """Return what became of the item; a failure ends the process."""
        try:
            if not self.connection.poll():
                self.kill()
                return Outcome(
                    None, 'timed out', f'not done after {limit_sec:g} s'
                )
            value, error = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            code = self._process.exitcode or 0
            self.kill()
            return Outcome(None, 'crashed', _why_it_died(code))
        if error is not None:
            raise error
        return Outcome(value)

    def kill(self) -> None:
        """End the process."""
        self.is_alive = False
        self._process.kill()
        self._process.join()
        self.connection.close()


def _why_it_died(exit_code: int) -> str:
    """Put the exit code of a process into words."""
    if exit_code >= 0:
        return f'the process that read it ended with code {exit_code}'
    name = signal.Signals(-exit_code).name
    hint = ', perhaps for want of memory' if name == 'SIGKILL' else ''
    return f'the process that read it died of {name}{hint}'


def _serve(
    function: Callable[[Any], Any],
    connection: Connection,
    inherited: Sequence[Connection],
) -> None:
    """Answer until the other side closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent sees to it
    # Held open here, they would keep the workers of a killed parent waiting.
    for other in inherited:
        other.close()
    with contextlib.suppress(EOFError, OSError):
        while True:
            item = connection.recv()
            answer: tuple[Any, Exception | None]
            try:
                answer = function(item), None
            except Exception as error:
                error.add_note(f'(in a worker process, with {item!r})')
                answer = None, error
            connection.send(answer)


class Progress:
    """How many are done, how fast, and the time left, on one line.

    Args:
        title: What is being done.
        total: How many there are.
        stream: A terminal gets a line that changes; a log file one a minute.
            The default is stderr.
    """

    def __init__(
        self, title: str, total: int, stream: TextIO | None = None
    ) -> None:
        self.title, self.total = title, total
        self.stream = stream or sys.stderr
        self.done = 0
        self._begin = time.monotonic()
        self._pause_sec = 0.2 if self.stream.isatty() else 60.0
        self._shown = self._begin

    def step(self) -> None:
        """Count one more; show it if it is time to."""
        self.done += 1
        now = time.monotonic()
        if self.done == self.total or now - self._shown >= self._pause_sec:
            self._shown = now
            self._show(now - self._begin)

    def _show(self, elapsed_sec: float) -> None:
        rate = self.done / max(elapsed_sec, 1e-9)
        is_last = self.done == self.total
        left = _clock((self.total - self.done) / rate)
        text = (
            f'{self.title}: {self.done}/{self.total}, {rate:.3g}/s, '
            f'{_clock(elapsed_sec)}' + ('' if is_last else f', {left} left')
        )
        is_terminal = self.stream.isatty()
        end = '' if is_terminal and not is_last else '\n'
        start = '\r\x1b[K' if is_terminal else ''
        print(start + text, end=end, file=self.stream, flush=True)


def _clock(seconds: float) -> str:
    """Return 'h:mm:ss'."""
    minutes, second = divmod(round(seconds), 60)
    return f'{minutes // 60}:{minutes % 60:02}:{second:02}'

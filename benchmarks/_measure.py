"""Fair clocks and tables for the benchmarks of this folder.

All contestants run once a round in shuffled order, and what is compared is
the median of the rounds' ratios: whatever else the machine does meanwhile is
unfair to nobody.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from mmengine.logging import MMLogger

Times = dict[str, list[float]]


def interleave(
    contestants: Mapping[str, Callable[[int], object]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
    label: str = '',
) -> Times:
    """Time every contestant once a round, in shuffled order.

    Args:
        contestants: Called with the number of the round, from 0. Number 0
            is a warm-up and not counted.
        rounds: Rounds that count.
        clock: Seconds. The default is the CPU time of the process, all of
            its threads together.
        label: Name of the progress line on stderr; none without it.

    Returns:
        Seconds of each contestant, a number per round.
    """
    shuffle = random.Random(0).shuffle
    order = list(contestants)
    seconds: Times = {name: [] for name in order}
    start = time.monotonic()
    for number in range(rounds + 1):
        shuffle(order)
        for name in order:
            begin = clock()
            contestants[name](number)
            seconds[name].append(clock() - begin)
        if label:
            spent = time.monotonic() - start
            left = spent / (number + 1) * (rounds - number)
            say(f'{label}: round {number} of {rounds}, {left:.0f} s left')
    if label:
        say(f'{label}: {rounds} rounds in {spent:.0f} s', end='\n')
    return {name: times[1:] for name, times in seconds.items()}


def milliseconds(times: Sequence[float], samples: int = 1) -> float:
    """Return the median time of a sample."""
    return 1e3 * median(times) / samples


def times_faster(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return the median of the rounds' ratios of two contestants."""
    return median(a / b for a, b in zip(slow, fast))


def silence_warnings() -> None:
    """Keep notes of MMEngine on its own future out of the tables' way."""
    MMLogger.get_current_instance().setLevel('ERROR')


def say(text: str, end: str = '\r') -> None:
    """Write progress to stderr, over the line before where one sees it."""
    if sys.stderr.isatty():
        sys.stderr.write(f'\x1b[2K{text}{end}')
    elif end == '\n':
        sys.stderr.write(f'{text}\n')
    sys.stderr.flush()


def print_table(
    header: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Print a Markdown table row by row; numbers with three digits."""
    print('|', ' | '.join(header), '|')
    print('|---' * len(header) + '|')
    for row in rows:
        print('|', ' | '.join(map(_cell, row)), '|', flush=True)


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if value >= 100:
        return f'{value:.0f}'
    return f'{value:.1f}' if value >= 10 else f'{value:.2f}'


def memory_mib(field: str) -> float:
    """Read the resident size, now (VmRSS) or at its peak (VmHWM); Linux."""
    status = Path('/proc/self/status').read_text()
    return int(status.split(f'{field}:')[1].split()[0]) / 1024


def peak_mib(
    call: Callable[[], object], warm_up: Callable[[], object]
) -> float:
    """Return the MiB a call needs above what it finds; in a fresh process.

    Args:
        call: What is measured.
        warm_up: The same with small inputs: loads code and kernels, and
            leaves no memory behind that the call could take.
    """
    warm_up()
    held = memory_mib('VmRSS')
    call()
    # Not getrusage: its maximum is inherited from the parent process.
    return memory_mib('VmHWM') - held


def ask_fresh_process(script: str, *arguments: str) -> float:
    """Run a script that prints one number last, and return the number."""
    output = subprocess.run(
        [sys.executable, script, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return float(output.split()[-1])

"""Generate motion-mini: small encoded videos with three sets of labels.

    python tools/data/make_motion_mini.py data/motion_mini --level standard

Every knob of the level can be set on its own, for example ``--size 48
--background-contrast 0.2 --travel 0.4 0.6 --pairs horizontal vertical``.
An interrupted run goes on where it stopped when started again.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import sys
import time
from pathlib import Path

from vsslcodebase.datasets.motion_mini import (
    LEVELS,
    DatasetSpec,
    Knobs,
    level_knobs,
    make_dataset,
)
from vsslcodebase.datasets.motion_mini.encode import SUFFIXES
from vsslcodebase.datasets.motion_mini.motions import MOTION_PAIRS


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--level', choices=LEVELS, default='standard')
    parser.add_argument(
        '--num-videos',
        type=int,
        nargs=3,
        default=(8192, 1024, 1024),
        metavar=('TRAIN', 'VAL', 'TEST'),
        help='val and test even: each scene forwards and backwards',
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--fps', type=int, default=24)
    parser.add_argument('--format', choices=SUFFIXES, default='.mp4')
    parser.add_argument(
        '--workers', type=int, default=len(os.sched_getaffinity(0))
    )
    add_knobs(parser)
    return parser.parse_args()


def add_knobs(parser: argparse.ArgumentParser) -> None:
    """Add one option per knob; unset ones keep the level's value."""
    group = parser.add_argument_group('knobs (override the level)')
    for field in dataclasses.fields(Knobs):
        flag = '--' + field.name.replace('_', '-')
        if field.name == 'pairs':
            group.add_argument(flag, nargs='+', choices=MOTION_PAIRS)
        elif isinstance(field.default, bool):
            group.add_argument(flag, type=int, choices=(0, 1))
        elif isinstance(field.default, tuple):
            group.add_argument(
                flag, type=float, nargs=2, metavar=('LOW', 'HIGH')
            )
        else:
            group.add_argument(flag, type=type(field.default))


def chosen_knobs(args: argparse.Namespace) -> Knobs:
    """Return the level's knobs with those of the command line."""
    overrides = {}
    for field in dataclasses.fields(Knobs):
        value = getattr(args, field.name)
        if value is not None:
            listed = isinstance(field.default, tuple)
            overrides[field.name] = tuple(value) if listed else value
    return level_knobs(args.level, **overrides)


class Progress:
    """One line that says how far and how long still."""

    def __init__(self) -> None:
        """Start the clock."""
        self.start = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show ``done`` of ``total``; on a terminal rewrite the line."""
        if self.first is None:
            self.first = done
        passed = time.monotonic() - self.start
        left = passed / max(done - self.first, 1) * (total - done)
        line = f'{done}/{total} videos, {passed:.0f} s, {left:.0f} s left'
        if sys.stdout.isatty():
            print(f'\r{line}\033[K', end='\n' if done == total else '')


def main() -> None:
    """Generate, and turn bad input into one line without a traceback."""
    args = parse_args()
    # So that a SIGTERM unwinds and takes the workers along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        spec = DatasetSpec(
            chosen_knobs(args),
            tuple(args.num_videos),
            args.seed,
            args.format,
            args.fps,
        )
        written = make_dataset(args.out, spec, args.workers, Progress())
    except ValueError as error:
        sys.exit(f'error: {error}')
    print(f'{args.out}: {written} videos written, complete')


if __name__ == '__main__':
    main()

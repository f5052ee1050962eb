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
    MOTION_PAIRS,
    SUFFIXES,
    DatasetSpec,
    Knobs,
    level_knobs,
    make_dataset,
)


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
        '--workers', type=int, default=os.cpu_count(), help='processes'
    )
    add_knobs(parser)
    return parser.parse_args()


def add_knobs(parser: argparse.ArgumentParser) -> None:
    """Add one option per knob; unset ones keep the level's value."""
    group = parser.add_argument_group('knobs (override the level)')
    for field in dataclasses.fields(Knobs):
        flag = '--' + field.name.replace('_', '-')
        says = field.metadata['says']
        if field.name == 'pairs':
            says += f': the first N, or some of {", ".join(MOTION_PAIRS)}'
            group.add_argument(flag, nargs='+', metavar='PAIR', help=says)
        elif isinstance(field.default, bool):
            group.add_argument(flag, type=int, choices=(0, 1), help=says)
        elif isinstance(field.default, tuple):
            group.add_argument(
                flag, type=float, nargs=2, metavar=('LOW', 'HIGH'), help=says
            )
        else:
            group.add_argument(flag, type=type(field.default), help=says)


def chosen_knobs(args: argparse.Namespace) -> Knobs:
    """Return the level's knobs with those of the command line."""
    overrides = {}
    for field in dataclasses.fields(Knobs):
        value = getattr(args, field.name)
        if value is None:
            continue
        if field.name == 'pairs' and len(value) == 1 and value[0].isdigit():
            value = list(MOTION_PAIRS)[: int(value[0])]
        overrides[field.name] = type(field.default)(value)
    return level_knobs(args.level, **overrides)


class Progress:
    """A line that says how far and how long still."""

    def __init__(self) -> None:
        """Start the clock."""
        self.start = self.shown = time.monotonic()
        self.before: int | None = None  # videos of an earlier run
        self.every = 0.5 if sys.stdout.isatty() else 10.0  # seconds

    def __call__(self, done: int, total: int) -> None:
        """Show ``done`` of ``total`` when it is time; rewrites a terminal."""
        now = time.monotonic()
        self.before = done if self.before is None else self.before
        if now - self.shown < self.every and done < total:
            return
        self.shown = now
        passed, new = now - self.start, done - self.before
        left = f'{passed / new * (total - done):.0f}' if new else '?'
        end = '\r' if sys.stdout.isatty() and done < total else '\n'
        line = f'{done}/{total} videos in {passed:.0f} s, {left} s left'
        print(f'{line:<60}', end=end, flush=True)


def main() -> None:
    """Generate; bad input ends in one line, not in a traceback."""
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
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('\ninterrupted; the same command goes on from here')
    print(f'{args.out}: complete, {written} videos written')


if __name__ == '__main__':
    main()

"""Show what CORP learns, from nothing, in minutes on two CPU cores.

    python tools/demo.py

writes a small data set of real videos, pre-trains CORP_m and SimCLR on it
through tools/train.py, and probes what they and an untrained network know of
motion, appearance and scene. The answer is a table and, with pictures, the
page work_dirs/demo/report.html. Interrupted, it goes on where it stopped when
started again.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from vsslcodebase.demo.run import run_demo
from vsslcodebase.demo.settings import DATA_DIR, DemoSettings, fast_settings
from vsslcodebase.demo.stages import StageError

GO_ON = 'What is done is kept: the same command goes on from here.'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--seed', type=int, default=0, help='of training; default 0')
    add(
        '--work-dir',
        type=Path,
        help='default work_dirs/demo, with _seedN for another seed',
    )
    add('--data-dir', type=Path, help=f'folder of the videos ({DATA_DIR})')
    add('--steps', type=int, help='training steps of each method')
    add('--device', choices=('cpu', 'cuda'), default='cpu')
    add(
        '--fast',
        action='store_true',
        help='a few steps on a few videos, to see that everything runs',
    )
    return parser.parse_args()


def settings_of(args: argparse.Namespace) -> DemoSettings:
    """Turn the command line into settings."""
    suffix = '_fast' if args.fast else ''
    suffix += f'_seed{args.seed}' if args.seed else ''
    work_dir = args.work_dir or Path(f'work_dirs/demo{suffix}')
    choices = dict(seed=args.seed, device=args.device)
    if args.data_dir is not None:
        choices['data_dir'] = args.data_dir
    if args.steps is not None:
        choices['steps'] = args.steps
    make = fast_settings if args.fast else DemoSettings
    return make(work_dir, **choices)


def main() -> None:
    """Run; what ends it early is told in a few lines."""
    args = parse_args()
    # So that a SIGTERM unwinds, and takes the training along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run_demo(settings_of(args))
    except (StageError, ValueError) as error:
        sys.exit(f'\n  error: {error}\n\n  {GO_ON}')
    except KeyboardInterrupt:
        print(f'\n  Stopped. {GO_ON}')
        sys.exit(130)
    except Exception:
        print(f'\n  This should not have happened. {GO_ON}', file=sys.stderr)
        raise


if __name__ == '__main__':
    main()

r"""Re-encode a data set once, so that training decodes it much faster.

    python tools/data/prepare.py data/ssv2/train.txt data/ssv2/val.txt \
        --videos data/ssv2/videos --out data/ssv2_128

Fills --out with videos/ (small frames, a key frame every 12), the lists under
their old names, manifest.jsonl (what was made of what, with hashes) and
bad_videos.txt (what could not be encoded, and why). Run the same command
again after an interruption: it goes on where it was. See docs/prepare.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from vsslcodebase.datasets.converter import run
from vsslcodebase.datasets.preparation.prepare import Preparation, prepare
from vsslcodebase.datasets.preparation.reencoding import (
    PRESETS,
    EncodeSettings,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add, default = parser.add_argument, EncodeSettings()
    add('lists', type=Path, nargs='+', metavar='LIST', help='"path label"')
    add(
        '--videos',
        type=Path,
        required=True,
        metavar='DIR',
        help="folder that the lists' paths are relative to",
    )
    add('--out', type=Path, required=True, metavar='DIR', help='to be filled')
    add(
        '--short-side',
        type=int,
        default=default.short_side,
        metavar='PIXELS',
        help='never enlarged (default: %(default)s)',
    )
    add(
        '--gop',
        type=int,
        default=default.gop,
        metavar='FRAMES',
        help='between key frames, at most (default: %(default)s)',
    )
    add(
        '--crf',
        type=int,
        default=default.crf,
        metavar='N',
        help='quality of libx264, less is better (default: %(default)s)',
    )
    add(
        '--preset',
        choices=PRESETS,
        default=default.preset,
        metavar='P',
        help='of libx264, from ultrafast to veryslow (default: %(default)s)',
    )
    add(
        '--workers',
        type=int,
        default=os.cpu_count(),
        metavar='N',
        help='processes, one thread each (default: %(default)s)',
    )
    add(
        '--limit',
        type=int,
        metavar='N',
        help='take the first N videos of each list only, to try it out',
    )
    add(
        '--verify',
        action='store_true',
        help='compare the hashes of finished files with the manifest',
    )
    add('--dry-run', action='store_true', help='only say what would be done')
    return parser.parse_args()


def main() -> None:
    """Run the tool."""
    args = parse_args()
    for name in ('workers', 'limit'):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise ValueError(f'--{name} must be 1 or more, got {value}')
    plan = Preparation(
        args.lists,
        args.videos,
        args.out,
        EncodeSettings(args.short_side, args.gop, args.crf, args.preset),
        args.limit,
    )
    try:
        prepare(plan, args.workers, args.verify, args.dry_run)
    except KeyboardInterrupt:
        print(
            '\ninterrupted; what is finished is kept, and the same command '
            'goes on from there',
            file=sys.stderr,
        )
        sys.exit(130)
    except RuntimeError as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    run(main)

"""Say which official split a list of videos is, by its SHA-256.

    python tools/data/check_split.py data/ucf101/*.txt

Prints the line that a training logs, and the digests in full: of the names of
the videos, which tells the split, and of names and class numbers, which is
also that in the checkpoints of a training. Exit code: 0 if all are registered
splits with our class numbers, else 1. See docs/splits.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vsslcodebase.datasets.converter import run
from vsslcodebase.datasets.split_registry import identify


def main() -> None:
    """Print what the lists are."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'lists', type=Path, nargs='+', help='list "path label" a line'
    )
    parser.add_argument(
        '--delimiter', default=' ', help='between path and label'
    )
    args = parser.parse_args()
    are_known = []
    for path in args.lists:
        identity = identify(path, args.delimiter)
        are_known.append(identity.is_numbered_alike)
        print(identity)
        print(f'  names             {identity.names}')
        print(f'  names and labels  {identity.labels}')
    if not all(are_known):
        sys.exit(1)


if __name__ == '__main__':
    run(main)

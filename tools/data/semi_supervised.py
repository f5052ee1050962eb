"""Make lists with labels for a small share of the videos of each class.

    python tools/data/semi_supervised.py data/k400/train.txt --percent 1 10

Writes data/k400/train_1pct.txt and train_10pct.txt. The shares of the classes
stay as they are, each class keeping one video at least. With the same seed,
the videos of a smaller list are among those of a larger one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vsslcodebase.datasets.annotation import read_list, write_list
from vsslcodebase.datasets.converter import run
from vsslcodebase.datasets.subsets import stratified_subset


def main() -> None:
    """Write the lists."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('list', type=Path, help='list "path label" a line')
    parser.add_argument(
        '--percent',
        type=float,
        nargs='+',
        default=[1, 10],
        help='percentages to keep (default: 1 10)',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='default: %(default)s'
    )
    args = parser.parse_args()
    videos = read_list(args.list)
    for percent in args.percent:
        chosen = stratified_subset(videos, percent / 100, args.seed)
        name = f'{args.list.stem}_{percent:g}pct{args.list.suffix}'
        path = args.list.with_name(name)
        write_list(path, chosen)
        num_classes = len({label for _, label in chosen})
        print(
            f'{path}: {len(chosen)} of {len(videos)} videos, '
            f'{num_classes} classes'
        )


if __name__ == '__main__':
    run(main)

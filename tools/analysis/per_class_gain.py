r"""Which classes gain from one run to another (LTN, Table 8).

    python tools/analysis/per_class_gain.py moco.csv ltn.csv --top 5

prints the accuracy of every class in the second run minus that in the first,
sorted, with the mean, and draws it. A run is the table that
``PerClassAccMetric`` writes, or what ``tools/test.py`` dumps::

    python tools/test.py CONFIG CHECKPOINT --dump ltn.pkl \
        --cfg-options test_evaluator.1.out_file=ltn.csv

A dump has no names of classes; ``--classes FILE`` gives them, one a line.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import NamedTuple

import torch
from matplotlib.figure import Figure

from vsslcodebase.compat.dump_loading import load_dump
from vsslcodebase.datasets.annotation import read_classes
from vsslcodebase.evaluation.per_class_metric import count_by_class

COLUMNS = {'class', 'name', 'videos', 'correct'}
# Okabe and Ito (2008): told apart by colour-blind readers, too
GAIN, LOSS = '#0072b2', '#d55e00'
# what reading another file raises, and taking scores of other objects
NOT_A_DUMP = (IndexError, KeyError, RuntimeError, TypeError)


class Counts(NamedTuple):
    """What a run got right, by class."""

    names: list[str] | None  # of all classes, if the file has them
    videos: list[int]
    correct: list[int]


class ClassGain(NamedTuple):
    """A line of the table; accuracies in percent."""

    name: str
    videos: int
    before: float
    after: float

    @property
    def gain(self) -> float:
        """Return the difference in points of percent."""
        return self.after - self.before


def read_run(path: Path) -> Counts:
    """Read a table or a dump.

    Raises:
        ValueError: It is neither.
    """
    if path.suffix == '.csv':
        return read_table(path)
    if path.suffix in ('.pkl', '.pickle'):
        return read_dump(path)
    raise ValueError(
        f"'{path}' is neither a .csv table of PerClassAccMetric nor a .pkl "
        'dump of tools/test.py'
    )


def read_table(path: Path) -> Counts:
    """Read what ``PerClassAccMetric`` writes to its ``out_file``."""
    with path.open(newline='') as file:
        rows = list(csv.DictReader(file))
    if not rows or not rows[0].keys() >= COLUMNS:
        raise ValueError(
            f"'{path}' is no table of PerClassAccMetric, whose columns are "
            'class, name, videos, correct, accuracy'
        )
    return Counts(
        [row['name'] for row in rows],
        [int(row['videos']) for row in rows],
        [int(row['correct']) for row in rows],
    )


def read_dump(path: Path) -> Counts:
    """Read a list of samples with ``pred_score`` and ``gt_label``."""
    try:
        samples = load_dump(path)
        scores = torch.stack(
            [torch.as_tensor(s['pred_score']) for s in samples]
        )
        labels = torch.tensor([int(s['gt_label']) for s in samples])
    except NOT_A_DUMP as e:
        raise ValueError(
            f"'{path}' is no dump of a classification, a list with "
            f'pred_score and gt_label of each video ({type(e).__name__}: {e})'
        ) from e
    videos, correct = count_by_class(labels, scores.argmax(1), scores.shape[1])
    return Counts(None, videos.tolist(), correct.tolist())


def compare(
    before: Counts, after: Counts, names: list[str] | None = None
) -> list[ClassGain]:
    """Return the gain of each class that has videos, the largest first.

    Raises:
        ValueError: The runs are not of the same classes and videos.
    """
    names = names or before.names or after.names
    number = len(before.videos)
    names = names or [str(label) for label in range(number)]
    if len(after.videos) != number or len(names) != number:
        raise ValueError(
            f'the first run has {number} classes, the second '
            f'{len(after.videos)}, and there are {len(names)} names; compare '
            'runs on the same data set'
        )
    for name, one, other in zip(names, before.videos, after.videos):
        if one != other:
            raise ValueError(
                f'the first run was tested on {one} videos of {name}, the '
                f'second on {other}; compare runs on the same list'
            )
    rows = [
        ClassGain(name, videos, 100 * old / videos, 100 * new / videos)
        for name, videos, old, new in zip(
            names, before.videos, before.correct, after.correct
        )
        if videos
    ]
    return sorted(rows, key=lambda row: row.gain, reverse=True)


def choose(rows: list[ClassGain], top: int | None) -> list[ClassGain]:
    """Return the first and the last ``top`` rows; all where they overlap."""
    if top is None or 2 * top >= len(rows):
        return rows
    return rows[:top] + rows[-top:]


def format_table(rows: list[ClassGain], shown: list[ClassGain]) -> str:
    """Write the shown rows, and below them the mean of all rows."""
    before, after = (
        sum(getattr(row, run) for row in rows) / len(rows)
        for run in ('before', 'after')
    )
    mean = ClassGain(
        f'mean of {len(rows)} classes',
        sum(row.videos for row in rows),
        before,
        after,
    )
    return '\n'.join(
        f'{row.gain:+7.2f} {row.before:7.2f} {row.after:7.2f} '
        f'{row.videos:6d}  {row.name}'
        for row in (*shown, mean)
    )


def draw(shown: list[ClassGain], path: Path, title: str) -> None:
    """Draw the gains as bars, the largest on top."""
    figure = Figure(figsize=(6, 1 + 0.25 * len(shown)), layout='constrained')
    axes = figure.subplots()
    bars = axes.barh(
        [row.name for row in shown],
        [row.gain for row in shown],
        color=[GAIN if row.gain >= 0 else LOSS for row in shown],
    )
    axes.bar_label(bars, fmt='%+.1f', padding=3, fontsize=8)
    axes.axvline(0, color='black', linewidth=0.8)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set(title=title, xlabel='gain in accuracy (points of percent)')
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.tick_params(axis='y', length=0)
    figure.savefig(path, dpi=150)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('before', type=Path, help='.csv or .pkl of a run')
    parser.add_argument('after', type=Path, help='.csv or .pkl of another')
    parser.add_argument('--top', type=int, metavar='N', help='N best, N worst')
    parser.add_argument('--classes', type=Path, metavar='FILE')
    parser.add_argument('--out', type=Path, default=Path('per_class_gain.png'))
    return parser.parse_args()


def main() -> None:
    """Compare, print and draw."""
    args = parse_args()
    try:
        if args.top is not None and args.top < 1:
            raise ValueError(f'--top is at least 1, got {args.top}')
        names = read_classes(args.classes) if args.classes else None
        before, after = read_run(args.before), read_run(args.after)
        rows = compare(before, after, names)
        shown = choose(rows, args.top)
        print('   gain  before   after videos  class')
        print(format_table(rows, shown))
        absent = len(before.videos) - len(rows)
        if absent:
            print(f'{absent} classes have no video and are left out')
        draw(shown, args.out, f'{args.after.stem} over {args.before.stem}')
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'wrote {args.out}')


if __name__ == '__main__':
    main()

"""Mean and spread of a score over seeds, splits, or both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import NamedTuple


class Spread(NamedTuple):
    """What several values of one score amount to.

    Attributes:
        mean: Of the values.
        std: Standard deviation with n - 1; None of a single value, whose
            spread is unknown, not 0.
        n: Number of values.
        lowest: The smallest value.
        highest: The largest value.
    """

    mean: float
    std: float | None
    n: int
    lowest: float
    highest: float

    def text(self, scale: float = 1.0, digits: int = 4) -> str:
        """Return 'mean ± std', or the mean alone where nothing varied.

        Args:
            scale: Numbers are multiplied by it; 100 makes per cent of shares.
            digits: After the point.
        """
        mean = f'{scale * self.mean:.{digits}f}'
        if self.std is None or self.lowest == self.highest:
            return mean
        return f'{mean} ± {scale * self.std:.{digits}f}'


def spread(values: Sequence[float]) -> Spread:
    """Return mean, standard deviation (n - 1), number, lowest and highest.

    Raises:
        ValueError: There is no value, or one is not finite.
    """
    if not values or not all(math.isfinite(value) for value in values):
        raise ValueError(
            f'a mean needs at least one number, all finite, got {[*values]}'
        )
    std = stdev(values) if len(values) > 1 else None
    return Spread(fmean(values), std, len(values), min(values), max(values))


def spread_of_each(
    runs: Sequence[Mapping[str, float]],
) -> dict[str, Spread]:
    """Return the spread of each score over runs that measured the same.

    Args:
        runs: Scores by name, of one seed or split each.

    Raises:
        ValueError: There is no run, or they differ in the names.
    """
    if not runs:
        raise ValueError('a mean needs at least one run')
    for run in runs:
        if run.keys() != runs[0].keys():
            raise ValueError(
                'runs differ in what they measured: '
                f'{", ".join(runs[0])} and {", ".join(run)}'
            )
    return {name: spread([run[name] for run in runs]) for name in runs[0]}


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Write a table of Markdown whose columns line up.

    Args:
        rows: Cells; the first row is the head, the first column is left
            aligned.
    """
    widths = [max(map(len, column)) for column in zip(*rows)]
    rule = ['-' * widths[0], *('-' * (w - 1) + ':' for w in widths[1:])]
    lines = [rows[0], rule, *rows[1:]]
    return '\n'.join(
        '| '
        + ' | '.join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths))
        )
        + ' |'
        for line in lines
    )

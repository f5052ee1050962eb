"""Figures with the interval that other test videos would move them in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

NUM_DRAWS = 2000
LEVEL = 0.95


class Hits(NamedTuple):
    """What each of N test videos adds to a figure.

    The figure is ``gained.sum() / possible.sum()``: of an accuracy the right
    answers and the questions, of R^2 the error saved and the error of the
    mean.

    Attributes:
        gained: (N,) float64.
        possible: (N,) float64.
        groups: (N,) int64; videos of one group, such as a video and its
            reversal, are drawn together.
    """

    gained: Tensor
    possible: Tensor
    groups: Tensor


class Figure(NamedTuple):
    """A figure and the ends of its interval, in shares, not per cent."""

    value: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


def figure_of(hits: Hits, seed: int = 0) -> Figure:
    """Return a figure with its 95 % bootstrap interval over groups.

    The interval tells what another choice of as many test videos might have
    given; not what another training, or other labelled videos, would.

    Args:
        hits: Of at least one video.
        seed: Of the draws.
    """
    _, group = hits.groups.unique(return_inverse=True)
    count = int(group.max()) + 1
    sums = torch.stack(
        [
            torch.zeros(count, dtype=torch.float64).index_add(
                0, group, values.double()
            )
            for values in (hits.gained, hits.possible)
        ],
        1,
    ).numpy()
    draws = np.random.default_rng(seed).multinomial(
        count, np.full(count, 1 / count), size=NUM_DRAWS
    )
    drawn = draws @ sums  # (draws, 2)
    shares = drawn[:, 0] / drawn[:, 1]
    low, high = np.quantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    total = sums.sum(0)
    return Figure(float(total[0] / total[1]), float(low), float(high))

"""Intervals are as wide as the groups make them."""

import math

import pytest
import torch

from vsslcodebase.evaluation.probe_intervals import Figure, Hits, figure_of


def hits(gained, groups, possible=1.0):
    gained = torch.tensor(gained, dtype=torch.float64)
    possible = torch.full_like(gained, possible)
    return Hits(gained, possible, torch.as_tensor(groups))


def test_what_cannot_vary_has_no_width():
    assert figure_of(hits([1] * 6, range(6))) == Figure(1, 1, 1)
    # of each twin one is right: no choice of scenes changes that
    twins = hits([0, 1] * 20, torch.arange(40) // 2)
    assert figure_of(twins) == Figure(0.5, 0.5, 0.5)


def test_single_videos_have_the_binomial_interval():
    found = figure_of(hits([1, 1, 1, 0] * 100, range(400)))
    error = 1.96 * math.sqrt(0.75 * 0.25 / 400)
    assert found.value == 0.75
    assert found.margin == pytest.approx(error, rel=0.1)


def test_groups_that_agree_count_once():
    single = figure_of(hits([1, 0] * 100, range(200)))
    doubled = figure_of(hits([1, 1, 0, 0] * 100, torch.arange(400) // 2))
    assert doubled.margin == pytest.approx(single.margin, rel=0.1)


def test_a_figure_is_a_ratio_of_sums():
    found = figure_of(
        Hits(
            torch.tensor([1.0, -4.0]),
            torch.tensor([2.0, 6.0]),
            torch.tensor([7, 3]),
        )
    )
    assert found.value == -3 / 8
    assert (found.low, found.high) == (-4 / 6, 1 / 2)

"""Epochs that are parts of a pass through the data."""

from __future__ import annotations

from itertools import chain

import pytest
import torch

from vsslcodebase.datasets import PartialPassSampler
from vsslcodebase.registry import DATA_SAMPLERS


def epochs(sampler: PartialPassSampler, count: int) -> list[list[int]]:
    drawn = []
    for epoch in range(count):
        sampler.set_epoch(epoch)
        drawn.append(list(sampler))
    return drawn


def joined(drawn: list[list[int]]) -> list[int]:
    return list(chain.from_iterable(drawn))


def test_parts_of_a_pass_are_disjoint_and_cover_it():
    sampler = PartialPassSampler(range(12), parts=3, seed=0)
    first, second, third = epochs(sampler, 3)
    assert sorted(first + second + third) == list(range(12))
    assert len(sampler) == len(first) == 4


def test_each_pass_is_another_permutation():
    drawn = epochs(PartialPassSampler(range(12), parts=3, seed=0), 6)
    before, after = joined(drawn[:3]), joined(drawn[3:])
    assert sorted(before) == sorted(after)
    assert before != after


def test_order_is_a_function_of_seed_and_epoch():
    same = [PartialPassSampler(range(50), parts=4, seed=7) for _ in range(2)]
    assert epochs(same[0], 5) == epochs(same[1], 5)
    other = PartialPassSampler(range(50), parts=4, seed=8)
    assert epochs(other, 5) != epochs(same[0], 5)


def test_remainder_is_left_out_so_that_parts_are_equal():
    drawn = epochs(PartialPassSampler(range(11), parts=3, seed=0), 3)
    assert [len(part) for part in drawn] == [3, 3, 3]
    assert len(set(joined(drawn))) == 9


def test_without_shuffling_parts_come_in_order():
    sampler = PartialPassSampler(range(6), parts=2, shuffle=False, seed=0)
    assert epochs(sampler, 3) == [[0, 1, 2], [3, 4, 5], [0, 1, 2]]


def test_processes_share_a_part(monkeypatch):
    shares = []
    for rank in range(2):
        monkeypatch.setattr(
            'mmengine.dataset.sampler.get_dist_info', lambda r=rank: (r, 2)
        )
        sampler = PartialPassSampler(range(20), parts=4, seed=0)
        assert len(sampler) == 3  # 5 videos, one repeated
        shares.append(list(sampler))
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    assert set(shares[0]) | set(shares[1]) == set(order[:5].tolist())


def test_more_parts_than_samples_are_refused():
    with pytest.raises(ValueError, match=r'parts must be in 1\.\.3.*got 4'):
        PartialPassSampler(range(3), parts=4)


def test_configs_can_name_it():
    built = DATA_SAMPLERS.build(
        dict(type='PartialPassSampler', dataset=range(4), parts=2)
    )
    assert isinstance(built, PartialPassSampler)

"""Subsets by class: shares and their rounding, and equally many."""

from __future__ import annotations

from collections import Counter

import pytest

from vsslcodebase.datasets.subsets import even_subset, stratified_subset


def videos(**counts):
    return [
        (f'{name} {i}.mp4', label)
        for label, (name, count) in enumerate(counts.items())
        for i in range(count)
    ]


def sizes(subset):
    counts = Counter(label for _, label in subset)
    return [counts[label] for label in sorted(counts)]


def test_shares_of_the_classes_are_kept():
    subset = stratified_subset(videos(a=600, b=300, c=100), 0.1)
    assert sizes(subset) == [60, 30, 10]


def test_remainders_go_to_the_largest():
    """0.1 of 24, 17, 19: 2.4, 1.7, 1.9, in sum 6 = 2 + 2 + 2."""
    assert sizes(stratified_subset(videos(a=24, b=17, c=19), 0.1)) == [2, 2, 2]


def test_no_class_is_lost():
    subset = stratified_subset(videos(a=990, b=5, c=5), 0.01)
    assert sizes(subset) == [10, 1, 1]


def test_whole_list_and_its_order():
    whole = videos(a=5, b=6)
    assert stratified_subset(whole, 1.0) == whole
    mixed = whole[::2] + whole[1::2]
    subset = stratified_subset(mixed, 0.5)
    assert subset == [video for video in mixed if video in subset]


def test_floating_point_does_not_lose_videos():
    """0.29 * 100 is 28.999999999999996."""
    assert sizes(stratified_subset(videos(a=100), 0.29)) == [29]


def test_smaller_is_part_of_larger_and_seeds_differ():
    whole = videos(a=200, b=100)
    small, large = (set(stratified_subset(whole, s, 3)) for s in (0.05, 0.2))
    assert small < large
    assert set(stratified_subset(whole, 0.2, 4)) != large


@pytest.mark.parametrize('share', [0, -0.1, 1.01])
def test_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match=r'share must be in \(0, 1\]'):
        stratified_subset(videos(a=3), share)


def test_an_even_subset_has_as_many_of_each_class_as_there_are():
    labels = [0] * 10 + [2] * 2 + [1] * 10
    chosen = even_subset(labels, 9)
    assert chosen == sorted(set(chosen))
    # class 2 has two only; class 0 gives the last one
    assert Counter(labels[p] for p in chosen) == {0: 4, 1: 3, 2: 2}


def test_an_even_subset_is_drawn_and_part_of_a_larger_one():
    labels = [0, 1, 2] * 20
    small, large = even_subset(labels, 6), even_subset(labels, 21)
    assert set(small) < set(large)
    assert small != [0, 1, 2, 3, 4, 5]
    assert small == even_subset(labels, 6)
    assert small != even_subset(labels, 6, seed=1)
    assert even_subset(labels, 60) == list(range(60))


@pytest.mark.parametrize('count', [2, 61])
def test_an_even_subset_has_at_least_one_of_each_class(count):
    with pytest.raises(ValueError, match=f'3 to 60 videos, got {count}'):
        even_subset([0, 1, 2] * 20, count)

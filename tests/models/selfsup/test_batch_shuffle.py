"""Who is encoded with whom."""

import pytest
import torch

from vsslcodebase.models.selfsup.batch_shuffle import (
    clip_permutation,
    forward_batches,
)


def lists(batches):
    return [batch.tolist() for batch in batches]


def test_forwards_of_two_videos_with_three_clips():
    assert lists(forward_batches(2, 3)) == [[0, 1, 2, 3, 4, 5]]
    assert lists(forward_batches(2, 3, groups=2)) == [[0, 1, 2], [3, 4, 5]]
    in_turn = [[0, 3], [1, 4], [2, 5]]
    assert lists(forward_batches(2, 3, sequential=True)) == in_turn
    alone = [[0], [3], [1], [4], [2], [5]]
    assert lists(forward_batches(2, 3, 2, sequential=True)) == alone


@pytest.mark.parametrize('groups', [0, 4])
def test_groups_that_do_not_divide_the_videos_are_refused(groups):
    with pytest.raises(ValueError, match=f'bn_groups={groups} .* of 6 videos'):
        forward_batches(6, 2, groups)


def test_a_clip_takes_the_place_of_one_with_its_index():
    order = clip_permutation(5, 3, step=0).view(5, 3)
    for index in range(3):
        assert (order[:, index] % 3).tolist() == [index] * 5
        assert sorted(order[:, index].tolist()) == list(range(index, 15, 3))
    assert (order // 3)[:, 0].tolist() != (order // 3)[:, 1].tolist()


def test_the_permutation_depends_on_the_step_and_on_nothing_else():
    first = clip_permutation(8, 2, step=3)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    assert torch.equal(clip_permutation(8, 2, step=3), first)
    assert torch.equal(torch.get_rng_state(), state)
    steps = {tuple(clip_permutation(8, 2, step).tolist()) for step in range(9)}
    assert len(steps) == 9


def test_every_place_is_equally_likely():
    counts = torch.zeros(4, 4)
    for step in range(2000):
        counts[torch.arange(4), clip_permutation(4, 1, step)] += 1
    # 500 each, with a standard deviation of 19
    assert (counts - 500).abs().max() < 100

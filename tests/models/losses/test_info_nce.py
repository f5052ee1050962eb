"""InfoNCE of MoCo with several keys per query."""

import numpy as np
import pytest
import torch
from oracles import contrastive as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.losses import (
    info_nce_accuracy,
    info_nce_loss,
    joint_info_nce_loss,
)


@pytest.mark.parametrize(
    ('temperature', 'expected'), [(0.1, 3.066084), (1, 1.160986)]
)
def test_two_keys_and_three_negatives(temperature, expected):
    loss = info_nce_loss(
        torch.tensor([[1.0, 0]]),
        torch.tensor([[[0.8, 0.6], [0, 1]]]),
        torch.tensor([[0, 1], [-1, 0], [0.6, -0.8]]),
        temperature,
    )
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def random_unit(*shape, seed):
    return oracle.unit(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.parametrize('num_keys', [1, 3])
@pytest.mark.parametrize('queue_size', [1, 20])
def test_loss_is_that_of_the_loop(num_keys, queue_size):
    arrays = (
        random_unit(4, 6, seed=0),
        random_unit(4, num_keys, 6, seed=1),
        random_unit(queue_size, 6, seed=2),
    )
    loss = info_nce_loss(*map(torch.from_numpy, arrays), 0.1)
    expected = oracle.info_nce(*arrays, 0.1)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_gradient_is_that_of_the_loop():
    query = random_unit(3, 4, seed=3)
    keys, queue = random_unit(3, 2, 4, seed=4), random_unit(5, 4, seed=5)
    leaf = torch.from_numpy(query).requires_grad_()
    info_nce_loss(leaf, *map(torch.from_numpy, (keys, queue)), 0.2).backward()
    expected = numeric_gradient(
        lambda x: oracle.info_nce(x, keys, queue, 0.2), query
    )
    np.testing.assert_allclose(leaf.grad, expected, atol=1e-6)


def test_a_key_does_not_compete_with_the_other_keys():
    query, queue = random_unit(2, 3, seed=6), random_unit(4, 3, seed=7)
    keys = torch.from_numpy(random_unit(2, 2, 3, seed=8))
    args = torch.from_numpy(query), torch.from_numpy(queue)
    both = info_nce_loss(args[0], keys, args[1])
    alone = [info_nce_loss(args[0], keys[:, [p]], args[1]) for p in (0, 1)]
    torch.testing.assert_close(both, sum(alone) / 2)


@pytest.mark.parametrize(
    'shapes',
    [
        ((2, 3), (2, 3), (4, 3)),
        ((2, 3), (3, 1, 3), (4, 3)),
        ((2, 3), (2, 1, 4), (4, 3)),
        ((2, 3), (2, 1, 3), (4, 2)),
        ((3,), (2, 1, 3), (4, 3)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError, match=r'keys \(B, P, d\)'):
        info_nce_loss(*map(torch.ones, shapes))


def test_two_keys_together_and_three_negatives():
    loss = joint_info_nce_loss(
        torch.tensor([[1.0, 0]]),
        torch.tensor([[[0.8, 0.6], [0, 1]]]),
        torch.tensor([[0, 1], [-1, 0], [0.6, -0.8]]),
        temperature=1,
    )
    assert loss.item() == pytest.approx(0.687622, abs=1e-6)


def test_keys_together_are_one_where_there_is_one():
    arrays = [random_unit(*shape, seed=9) for shape in ((3, 4), (3, 1, 4))]
    tensors = [*map(torch.from_numpy, arrays)]
    queue = torch.from_numpy(random_unit(5, 4, seed=10))
    torch.testing.assert_close(
        joint_info_nce_loss(*tensors, queue), info_nce_loss(*tensors, queue)
    )


@pytest.mark.parametrize('loss', [info_nce_loss, joint_info_nce_loss])
def test_without_negatives_there_is_nothing_to_learn(loss):
    query = torch.from_numpy(random_unit(2, 3, seed=11)).requires_grad_()
    keys = torch.from_numpy(random_unit(2, 2, 3, seed=12))
    value = loss(query, keys, torch.zeros(0, 3))
    value.backward()
    assert value.item() == 0
    assert query.grad.tolist() == [[0.0] * 3] * 2


def test_accuracy_is_the_share_of_keys_before_all_negatives():
    query = torch.tensor([[1.0, 0], [0, 1]])
    keys = torch.tensor([[[0.8, 0.6], [0, 1]], [[0, 1], [1, 0]]])
    queue = torch.tensor([[0.6, 0.8], [-1, 0]])
    assert info_nce_accuracy(query, keys, queue).item() == 0.5
    assert info_nce_accuracy(query, keys, torch.zeros(0, 2)).item() == 1

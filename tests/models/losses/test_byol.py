"""BYOL's distance of unit vectors."""

import numpy as np
import pytest
import torch
from oracles import contrastive as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.losses import byol_loss


def test_cosine_of_three_fifths_costs_four_fifths():
    loss = byol_loss(torch.tensor([[3.0, 4]]), torch.tensor([[1.0, 0]]))
    assert loss.item() == pytest.approx(0.8)


@pytest.mark.parametrize('rows', [1, 6])
def test_loss_and_gradient_are_those_of_the_loop(rows):
    rng = np.random.default_rng(rows)
    prediction, target = rng.normal(size=(2, rows, 5))
    leaf = torch.from_numpy(prediction).requires_grad_()
    loss = byol_loss(leaf, torch.from_numpy(target))
    expected = oracle.byol(prediction, target)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    by_prediction = numeric_gradient(
        lambda x: oracle.byol(x, target), prediction
    )
    np.testing.assert_allclose(leaf.grad, by_prediction, atol=1e-6)


def test_target_gets_no_gradient():
    prediction = torch.eye(3).requires_grad_()
    target = torch.ones(3, 3, requires_grad=True)
    byol_loss(prediction, target).backward()
    assert target.grad is None
    assert prediction.grad.abs().sum() > 0


def test_opposite_vectors_cost_four_and_equal_ones_nothing():
    x = torch.tensor([[1.0, 2], [3, -1]])
    assert byol_loss(x, -x).item() == pytest.approx(4)
    assert byol_loss(x, 5 * x).item() == pytest.approx(0, abs=1e-6)


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r'got \(2, 3\) and \(2, 4\)'):
        byol_loss(torch.ones(2, 3), torch.ones(2, 4))

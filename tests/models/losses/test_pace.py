"""The contrastive terms of pace prediction."""

import numpy as np
import pytest
import torch
from oracles import contrastive as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.losses import (
    pace_same_context_loss,
    pace_same_pace_loss,
)

Z = torch.tensor([(1, 0), (0, 1), (0.5, 0.5), (-1, 1)])


def test_same_context_of_two_videos():
    """Clips (1,0), (0,1) of the videos and their partners, interleaved."""
    loss = pace_same_context_loss(Z[[0, 2, 1, 3]])
    assert loss.item() == pytest.approx(0.662507, abs=1e-6)


@pytest.mark.parametrize(
    ('paces', 'expected'),
    [([1, 1, 2, 2], 1.412507), ([1, 1, 1, 2], 1.080807)],
)
def test_same_pace_of_four_clips(paces, expected):
    loss = pace_same_pace_loss(Z, torch.tensor(paces))
    assert loss.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('num_videos', [2, 6])
def test_losses_are_those_of_the_loops(num_videos):
    rng = np.random.default_rng(num_videos)
    z = rng.normal(size=(2 * num_videos, 4))
    paces = rng.integers(4, size=2 * num_videos)
    context = pace_same_context_loss(torch.from_numpy(z))
    assert context.item() == pytest.approx(oracle.partner(z), rel=1e-5)
    pace = pace_same_pace_loss(*map(torch.from_numpy, (z, paces)))
    assert pace.item() == pytest.approx(oracle.same_pace(z, paces), rel=1e-5)


def test_gradients_are_those_of_the_loops():
    z = np.random.default_rng(3).normal(size=(6, 3))
    paces = np.array([0, 1, 0, 2, 1, 0])
    leaf = torch.from_numpy(z).requires_grad_()
    pace_same_context_loss(leaf).backward()
    expected = numeric_gradient(oracle.partner, z)
    np.testing.assert_allclose(leaf.grad, expected, atol=1e-6)
    leaf.grad = None
    pace_same_pace_loss(leaf, torch.from_numpy(paces)).backward()
    expected = numeric_gradient(lambda x: oracle.same_pace(x, paces), z)
    np.testing.assert_allclose(leaf.grad, expected, atol=1e-6)


@pytest.mark.parametrize('rows', [1, 3])
def test_paces_without_a_pair_cost_nothing(rows):
    leaf = torch.randn(rows, 2, requires_grad=True)
    loss = pace_same_pace_loss(leaf, torch.arange(rows))
    loss.backward()
    assert loss == 0
    assert (leaf.grad == 0).all()


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r'rows 2i and 2i\+1'):
        pace_same_context_loss(Z[:3])
    with pytest.raises(ValueError, match=r'got \(4, 2\) and \(3,\)'):
        pace_same_pace_loss(Z, torch.arange(3))

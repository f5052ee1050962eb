"""NT-Xent of SimCLR and CVRL."""

import numpy as np
import pytest
import torch
from oracles import contrastive as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.losses import nt_xent_loss


def test_both_directions_of_two_videos():
    """The sum of SimCLR's loss_a and loss_b is twice our mean."""
    z = torch.tensor([(1, 0), (0.6, 0.8), (0, 1), (-1, 0)])
    assert 2 * nt_xent_loss(z).item() == pytest.approx(5.066298, abs=1e-5)


@pytest.mark.parametrize('num_videos', [2, 5])
@pytest.mark.parametrize('temperature', [0.1, 1.0])
def test_loss_is_that_of_the_loop(num_videos, temperature):
    z = np.random.default_rng(0).normal(size=(2 * num_videos, 7))
    loss = nt_xent_loss(torch.from_numpy(z), temperature)
    expected = oracle.nt_xent(z, temperature)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_gradient_is_that_of_the_loop():
    z = np.random.default_rng(1).normal(size=(6, 4))
    leaf = torch.from_numpy(z).requires_grad_()
    nt_xent_loss(leaf, 0.2).backward()
    expected = numeric_gradient(lambda x: oracle.nt_xent(x, 0.2), z)
    np.testing.assert_allclose(leaf.grad, expected, atol=1e-5)


def test_length_of_embeddings_does_not_matter():
    z = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    lengths = torch.arange(1.0, 9.0)[:, None]
    torch.testing.assert_close(nt_xent_loss(z * lengths), nt_xent_loss(z))


def test_equal_embeddings_cost_the_logarithm_of_the_candidates():
    loss = nt_xent_loss(torch.ones(10, 4))
    assert loss.item() == pytest.approx(np.log(9), rel=1e-6)


@pytest.mark.parametrize('shape', [(5, 2), (4,), (2, 2, 2), (2, 8)])
def test_rows_that_are_not_pairs_of_clips_are_refused(shape):
    with pytest.raises(ValueError, match=r'clips per video|at least 2 videos'):
        nt_xent_loss(torch.ones(shape))

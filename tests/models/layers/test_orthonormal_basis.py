"""Sign-fixed QR equals the Gram-Schmidt process."""

import numpy as np
import pytest
import torch
from oracles.flow import gram_schmidt
from oracles.gradient import numeric_gradient

from vsslcodebase.models.layers import orthonormal_basis


def test_two_directions_in_space():
    basis = orthonormal_basis(torch.tensor([[1.0, 1], [1, 0], [0, 1]]))
    expected = [[0.707107, 0.408248], [0.707107, -0.408248], [0, 0.816497]]
    np.testing.assert_allclose(basis, expected, atol=1e-6)


@pytest.mark.parametrize('shape', [(8, 3), (5, 5), (4, 1), (64, 16)])
def test_basis_is_that_of_gram_schmidt(shape):
    weight = np.random.default_rng(0).normal(size=shape)
    basis = orthonormal_basis(torch.from_numpy(weight))
    np.testing.assert_allclose(basis, gram_schmidt(weight), atol=1e-5)
    np.testing.assert_allclose(basis.T @ basis, np.eye(shape[1]), atol=1e-5)


def test_negated_directions_give_negated_columns():
    """A raw Householder QR may return the same columns for both."""
    weight = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    signs = torch.tensor([1.0, -1, -1])
    torch.testing.assert_close(
        orthonormal_basis(weight * signs), orthonormal_basis(weight) * signs
    )


def test_gradient_is_that_of_gram_schmidt():
    weight = np.random.default_rng(1).normal(size=(4, 2))
    factors = np.arange(8.0).reshape(4, 2)
    leaf = torch.from_numpy(weight).requires_grad_()
    (orthonormal_basis(leaf) * torch.from_numpy(factors)).sum().backward()
    expected = numeric_gradient(
        lambda x: (gram_schmidt(x) * factors).sum(), weight
    )
    np.testing.assert_allclose(leaf.grad, expected, atol=1e-4)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    weight = torch.randn(8, 3).to(dtype).requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        basis = orthonormal_basis(weight)
    assert torch.equal(basis, orthonormal_basis(weight.float()))
    basis.sum().backward()
    assert weight.grad.isfinite().all()


def test_more_directions_than_dimensions_are_refused():
    with pytest.raises(ValueError, match=r'got \(2, 3\): 3 directions'):
        orthonormal_basis(torch.ones(2, 3))

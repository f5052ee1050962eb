"""Correlation with displaced positions."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from oracles import flow as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.layers import cost_volume


def test_a_moved_pixel_is_found_where_it_went():
    first, second = torch.zeros(2, 1, 2, 5, 5)
    first[:, 0], second[:, 0] = 1, 1
    first[0, :, 2, 2] = torch.tensor([0.0, 1])
    second[0, :, 2, 4] = torch.tensor([0.0, 1])
    volume = cost_volume(first, second, max_displacement=2, stride=2)
    # Channel 5 of 9 is dy=0, dx=+2
    assert volume[0, :, 2, 2].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    # At a corner all displacements up or left are outside
    assert volume[0, :, 0, 0].tolist() == [0, 0, 0, 0, 1, 1, 0, 1, 1]


def test_default_has_49_displacements():
    assert cost_volume(*torch.rand(2, 2, 3, 4, 5)).shape == (2, 49, 4, 5)


@pytest.mark.parametrize('size', [(5, 7), (1, 1), (9, 3), (17, 4)])
@pytest.mark.parametrize(
    'reach', [(6, 2), (3, 2), (2, 1), (0, 1), (4, 3), (1, 2), (20, 9)]
)
def test_volume_is_that_of_the_loop(size, reach):
    first, second = np.random.default_rng(0).normal(size=(2, 2, 3, *size))
    first[0, :, 0, 0] = 0  # a position without features
    volume = cost_volume(*map(torch.from_numpy, (first, second)), *reach)
    expected = oracle.cost_volume(first, second, *reach)
    assert volume.shape == expected.shape
    np.testing.assert_allclose(volume, expected, atol=1e-6)


def test_gradients_are_those_of_the_loop():
    first, second = np.random.default_rng(1).normal(size=(2, 1, 2, 3, 4))
    weights = np.random.default_rng(2).normal(size=(1, 9, 3, 4))
    leaves = [torch.from_numpy(x).requires_grad_() for x in (first, second)]
    volume = cost_volume(*leaves, 2, 2)
    (volume * torch.from_numpy(weights)).sum().backward()

    def loss(a, b):
        return (oracle.cost_volume(a, b, 2, 2) * weights).sum()

    by_first = numeric_gradient(lambda x: loss(x, second), first)
    by_second = numeric_gradient(lambda x: loss(first, x), second)
    np.testing.assert_allclose(leaves[0].grad, by_first, atol=1e-5)
    np.testing.assert_allclose(leaves[1].grad, by_second, atol=1e-5)


@pytest.mark.parametrize('reach', [(2, 1), (4, 2)])
def test_gradients_pass_from_one_band_of_rows_to_the_next(reach):
    # Of 18 rows: three bands with stride 1, two with stride 2.
    generator = torch.Generator().manual_seed(3)
    first, second = torch.randn(2, 3, 18, 5, generator=generator)
    first, second = first.requires_grad_(), second.requires_grad_()
    volume = cost_volume(first[None], second[None], *reach)
    weights = torch.randn(volume.shape, generator=generator)
    found = torch.autograd.grad((volume * weights).sum(), (first, second))

    a, b = (F.normalize(x[None], dim=1) for x in (first, second))
    b = F.pad(b, (reach[0],) * 4)
    steps = range(0, 2 * reach[0] + 1, reach[1])
    shifted = torch.stack(
        [
            (a * b[:, :, y:, x:][:, :, :18, :5]).sum(1)
            for y, x in product(steps, steps)
        ],
        1,
    )
    expected = torch.autograd.grad((shifted * weights).sum(), (first, second))
    for ours, theirs in zip(found, expected):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    maps = (torch.rand(2, 1, 4, 6, 6) * 300).to(dtype)
    maps[:, :, :, :3] = 0  # dead after a ReLU
    maps.requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        volume = cost_volume(*maps)
    assert volume.dtype == torch.float32
    assert torch.equal(volume, cost_volume(*maps.float()))
    volume.sum().backward()
    assert maps.grad.isfinite().all()


def test_wrong_arguments_are_refused():
    x = torch.ones(1, 2, 3, 3)
    with pytest.raises(ValueError, match=r'\(1, 2, 3, 3\) and \(2, 3, 3\)'):
        cost_volume(x, x[0])
    with pytest.raises(ValueError, match='got 6 and 0'):
        cost_volume(x, x, stride=0)

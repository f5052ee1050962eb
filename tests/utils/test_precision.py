"""Autocast-proof functions and unit vectors."""

import numpy as np
import pytest
import torch

from vsslcodebase.utils.precision import float32_math, unit_length


@float32_math
def product(a, b):
    """Multiply."""
    return a @ b


def test_products_stay_float32_under_autocast():
    a = torch.rand(4, 4)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert (a @ a).dtype == torch.bfloat16
        assert torch.equal(product(a, a), product(a=a, b=a))
        assert product(a, b=a).dtype == torch.float32
        assert (a @ a).dtype == torch.bfloat16  # and autocast is on again
    assert product.__doc__ == 'Multiply.'


def test_calls_without_a_tensor_meet_the_functions_own_error():
    with pytest.raises(TypeError, match='unsupported operand'):
        product(1, 2)


def test_unit_length_of_rows_and_columns():
    x = torch.tensor([[3.0, 4], [0, 2]])
    np.testing.assert_allclose(unit_length(x), [[0.6, 0.8], [0, 1]])
    np.testing.assert_allclose(
        unit_length(x, dim=0), [[1, 4 / 20**0.5], [0, 2 / 20**0.5]], rtol=1e-6
    )


def test_short_vectors_count_and_zero_vectors_get_no_gradient():
    x = torch.tensor([[3e-6, 4e-6], [0, 0]], requires_grad=True)
    unit = unit_length(x)
    np.testing.assert_allclose(unit.detach(), [[0.6, 0.8], [0, 0]], rtol=1e-5)
    unit[:, 0].sum().backward()
    # d(x/|x|)/dx = (1 - 0.36) / |x|
    assert x.grad[0, 0].item() == pytest.approx(0.64 / 5e-6, rel=1e-4)
    assert (x.grad[1] == 0).all()

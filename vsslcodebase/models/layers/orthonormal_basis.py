"""Orthonormal directions from a free matrix (LTN, Yang et al. 2023)."""

from __future__ import annotations

import torch
from torch import Tensor

from vsslcodebase.utils.precision import float32_math


@float32_math
def orthonormal_basis(weight: Tensor) -> Tensor:
    """Orthonormalise columns, equal to the Gram-Schmidt process.

    QR by Householder reflections may return the negative of a Gram-Schmidt
    column, and changes its mind as the weights move; the columns are given the
    sign that makes the diagonal of R positive.

    Args:
        weight: (D, M) of full column rank, M <= D; without full rank the
            gradient is not finite.

    Returns:
        (D, M) float32 with orthonormal columns; column j lies in the span of
        the first j + 1 columns of ``weight``. Differentiable.

    Raises:
        ValueError: for another number of axes or more columns than rows.
    """
    if weight.ndim != 2 or weight.shape[1] > weight.shape[0]:
        raise ValueError(
            'expected weight (D, M) with M <= D, got '
            f'{tuple(weight.shape)}: {weight.shape[-1]} directions cannot be '
            'orthogonal in fewer dimensions'
        )
    # linalg.qr has no half-precision kernel
    q, r = torch.linalg.qr(weight.float())
    return q * torch.where(r.diagonal() < 0, -1.0, 1.0)

"""BYOL's regression of the target projection (Grill et al. 2020, Eq. 2)."""

from __future__ import annotations

from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length


@float32_math
def byol_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Squared distance of unit vectors, ``2 - 2 cos(prediction, target)``.

    Args:
        prediction: (N, d) output of the online network's predictor.
        target: (N, d) projection by the target network; it gets no gradient.

    Returns:
        Scalar float32 in [0, 4], the mean over the N rows.

    Raises:
        ValueError: if the two differ in shape or are not (N, d).
    """
    if prediction.ndim != 2 or prediction.shape != target.shape:
        raise ValueError(
            'expected prediction and target of one shape (N, d), got '
            f'{tuple(prediction.shape)} and {tuple(target.shape)}'
        )
    p = unit_length(prediction.float())
    t = unit_length(target.detach().float())
    return (2 - 2 * (p * t).sum(-1)).mean()

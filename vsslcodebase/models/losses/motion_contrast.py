"""Contrast of predicted with true motion (HCML, Yang et al. 2020, Eq. 2)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length


def motion_contrast_loss(
    predicted: Tensor, target: Tensor, temperature: float = 0.07
) -> Tensor:
    """Find the true feature of each prediction among all B*N*T of them.

    The negatives are the other positions and times of the same video and
    everything of the other videos of the batch.

    Args:
        predicted: (B, N, T, C) at N positions and T times of B videos.
        target: (B, N, T, C), the motion features of the level below at the
            same places; they get no gradient.
        temperature: tau.

    Returns:
        Scalar float32, the mean over the B*N*T predictions.

    Raises:
        ValueError: if the two differ in shape or do not have four axes.
    """
    return motion_contrast(predicted, target, temperature)[0]


@float32_math
def motion_contrast(
    predicted: Tensor, target: Tensor, temperature: float = 0.07
) -> tuple[Tensor, Tensor]:
    """Compute the loss, and how often the true feature is the nearest one.

    Args:
        predicted: See ``motion_contrast_loss``.
        target: The same.
        temperature: tau.

    Returns:
        The scalar loss, and the accuracy in [0, 1], without gradient, of
        which 1 / (B*N*T) is chance; both float32.

    Raises:
        ValueError: if the two differ in shape or do not have four axes.
    """
    if predicted.ndim != 4 or predicted.shape != target.shape:
        raise ValueError(
            'expected predicted and target of one shape (B, N, T, C), got '
            f'{tuple(predicted.shape)} and {tuple(target.shape)}'
        )
    p = unit_length(predicted.flatten(0, 2).float())  # (B*N*T, C)
    t = unit_length(target.detach().flatten(0, 2).float())
    similarity = p @ t.T
    same_place = torch.arange(len(p), device=p.device)
    nearest = similarity.detach().argmax(dim=1)
    return (
        F.cross_entropy(similarity / temperature, same_place),
        (nearest == same_place).float().mean(),
    )

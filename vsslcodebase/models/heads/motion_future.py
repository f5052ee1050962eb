"""A level's motion predicts that of the one below (HCML, Yang et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from vsslcodebase.models.layers import MotionPredictor, gather_positions
from vsslcodebase.models.losses import motion_contrast


def contrast_future(
    predictor: MotionPredictor,
    upper: Tensor,
    lower: Tensor,
    positions: Tensor,
    temperature: float,
) -> tuple[Tensor, Tensor, float]:
    """Predict the future of the lower level at some positions (Eq. 2, A.2).

    P^{l-1}_{t+delta} is predicted from P^l_t and P^{l-1}_t, on the grid of
    P^{l-1}, for which P^l is upsampled to the nearest. A prediction is to be
    nearer to its target than to all others of its delta: those at other
    positions, at other times, and of other clips. The last map of a clip,
    made without a next frame, is no target. Targets get no gradient,
    P^{l-1}_t does.

    Args:
        predictor: Of deltas 1, 2, ...
        upper: P^l, (N, C_l, T_l, H_l, W_l).
        lower: P^{l-1}, (N, C_{l-1}, T, H, W).
        positions: (N, K), of each clip, ``y * W + x`` of ``lower``.
        temperature: tau.

    Returns:
        The scalar loss, the mean over the deltas; the accuracy of each
        delta; and what guessing would give, their mean.

    Raises:
        ValueError: Clips that are too short for the last delta.
    """
    size = lower.shape[2:]
    _check_steps(predictor.num_steps, size[0])
    below = gather_positions(lower, positions, size)  # (N, K, T, C_{l-1})
    above = gather_positions(upper, positions, size)  # (N, K, T, C_l)
    predicted = predictor(above[:, :, :-2], below[:, :, :-2])
    losses, accuracies, chances = [], [], []
    for step, prediction in enumerate(predicted, start=1):
        targets = below[:, :, step:-1]  # (N, K, T - 1 - step, C_{l-1})
        loss, accuracy = motion_contrast(
            prediction[:, :, : targets.shape[2]], targets, temperature
        )
        losses.append(loss)
        accuracies.append(accuracy)
        chances.append(1 / targets[..., 0].numel())
    return (
        torch.stack(losses).mean(),
        torch.stack(accuracies),
        sum(chances) / len(chances),
    )


def _check_steps(num_steps: int, num_frames: int) -> None:
    """Raise if maps are too few to see ``num_steps`` ahead."""
    possible = num_frames - 2
    if num_steps > possible:
        advice = (
            f'num_steps={possible} is possible'
            if possible > 0
            else 'no step is possible'
        )
        raise ValueError(
            f'motion is to be predicted num_steps={num_steps} frames ahead, '
            f'but there are features of {num_frames} frames, of which the '
            f'last is no target: {advice}; or take longer clips'
        )

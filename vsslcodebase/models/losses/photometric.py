"""Optical flow without labels (HCML, Yang et al. 2020, Eq. 3 and 4).

Both use the generalised Charbonnier penalty ``(z^2 + 1e-6)^0.45``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math


def _charbonnier(z: Tensor) -> Tensor:
    """Robust penalty ``(z^2 + 1e-6)^0.45``, elementwise."""
    return (z.square() + 1e-6) ** 0.45


def _warp(frame: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """Sample ``frame`` at ``x + flow(x)``.

    Args:
        frame: (B, C, H, W) float32.
        flow: (B, 2, H, W) float32, (u right, v down) in pixels.

    Returns:
        The warped frame (B, C, H, W), bilinear, the border repeated outside;
        and the mask (B, 1, H, W), True where ``x + flow(x)`` lies inside.
    """
    height, width = frame.shape[-2:]
    x = torch.arange(width, device=frame.device) + flow[:, 0]  # (B, H, W)
    y = torch.arange(height, device=frame.device)[:, None] + flow[:, 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    # Divide by (size - 1) as align_corners=True puts -1 and 1 on the centres
    # of the outermost pixels; a single row or column has no extent.
    grid = torch.stack(
        [2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], -1
    )
    warped = F.grid_sample(
        frame, grid, padding_mode='border', align_corners=True
    )
    return warped, inside[:, None]


@float32_math
def photometric_loss(
    frame: Tensor, next_frame: Tensor, flow: Tensor
) -> Tensor:
    """Compare each pixel with where the flow says it went (HCML Eq. 3).

    Args:
        frame: (B, 3, H, W), values in [0, 1].
        next_frame: (B, 3, H, W), the frame after it.
        flow: (B, 2, H, W), (u right, v down) in pixels of this grid:
            ``frame(x)`` is compared with ``next_frame(x + flow(x))``.

    Returns:
        Scalar float32: the penalty's mean over channels and valid pixels,
        those whose ``x + flow(x)`` lies in the frame. Zero where none does.
        (Dividing by all pixels, as printed, would reward a flow that points
        out of the frame everywhere.)

    Raises:
        ValueError: if the shapes do not fit together.
    """
    size = (len(frame), 2, *frame.shape[2:])
    if frame.ndim != 4 or next_frame.shape != frame.shape:
        raise ValueError(
            'expected frame and next_frame of one shape (B, 3, H, W), got '
            f'{tuple(frame.shape)} and {tuple(next_frame.shape)}'
        )
    if flow.shape != size:
        raise ValueError(
            f'expected flow {size} for frames {tuple(frame.shape)}, got '
            f'{tuple(flow.shape)}; resize the frames to the grid of the flow'
        )
    warped, valid = _warp(next_frame.float(), flow.float())
    penalty = _charbonnier(frame.float() - warped).mean(1, keepdim=True)
    return penalty.where(valid, 0).sum() / valid.sum().clamp(min=1)


@float32_math
def flow_smoothness_loss(flow: Tensor) -> Tensor:
    """Penalise differences of neighbouring flow vectors (HCML Eq. 4).

    Args:
        flow: (B, 2, H, W), (u right, v down) in pixels; H, W at least 2.

    Returns:
        Scalar float32: the sum of the four means of the penalty over du/dx,
        du/dy, dv/dx and dv/dy (forward differences, borders left out).

    Raises:
        ValueError: for another shape.
    """
    if flow.ndim != 4 or flow.shape[1] != 2 or min(flow.shape[2:]) < 2:
        raise ValueError(
            'expected flow (B, 2, H, W) with H and W at least 2, got '
            f'{tuple(flow.shape)}'
        )
    f = flow.float()
    along_x = _charbonnier(f[..., 1:] - f[..., :-1])
    along_y = _charbonnier(f[..., 1:, :] - f[..., :-1, :])
    # The mean over the two components, twice, is the sum of their two means.
    return 2 * along_x.mean() + 2 * along_y.mean()

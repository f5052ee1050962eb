"""Optical flow without labels (HCML, Yang et al. 2020, Eq. 3 and 4).

Both use the generalised Charbonnier penalty ``(z^2 + 1e-6)^0.45``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math

PHOTO_NORMS = ('valid', 'all')


def _charbonnier(z: Tensor) -> Tensor:
    """Robust penalty ``(z^2 + 1e-6)^0.45``, elementwise."""
    return (z.square() + 1e-6) ** 0.45


def _destinations(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Return where pixels go, x and y (B, H, W), for flow (B, 2, H, W)."""
    height, width = flow.shape[-2:]
    x = torch.arange(width, device=flow.device) + flow[:, 0]
    y = torch.arange(height, device=flow.device)[:, None] + flow[:, 1]
    return x, y


def stays_inside(flow: Tensor) -> Tensor:
    """Tell which pixels are still in the frame that follows.

    Args:
        flow: (B, 2, H, W), (u right, v down) in pixels of this grid.

    Returns:
        (B, 1, H, W) bool, m of HCML Eq. 3.
    """
    height, width = flow.shape[-2:]
    x, y = _destinations(flow.float())
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return inside[:, None]


def warp(frame: Tensor, flow: Tensor) -> Tensor:
    """Sample ``frame`` at ``x + flow(x)``.

    Args:
        frame: (B, C, H, W) float32, the one that the flow leads to.
        flow: (B, 2, H, W) float32, (u right, v down) in pixels.

    Returns:
        The warped frame (B, C, H, W), bilinear, the border repeated outside.
    """
    height, width = frame.shape[-2:]
    x, y = _destinations(flow)
    # Divide by (size - 1) as align_corners=True puts -1 and 1 on the centres
    # of the outermost pixels; a single row or column has no extent.
    grid = torch.stack(
        [2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], -1
    )
    return F.grid_sample(
        frame, grid, padding_mode='border', align_corners=True
    )


@float32_math
def photometric_loss(
    frame: Tensor, next_frame: Tensor, flow: Tensor, norm: str = 'valid'
) -> Tensor:
    """Compare each pixel with where the flow says it went (HCML Eq. 3).

    Args:
        frame: (B, 3, H, W), values in [0, 1].
        next_frame: (B, 3, H, W), the frame after it.
        flow: (B, 2, H, W), (u right, v down) in pixels of this grid:
            ``frame(x)`` is compared with ``next_frame(x + flow(x))``.
        norm: The penalty is summed over valid pixels, whose ``x + flow(x)``
            lies in the frame. 'valid' divides by their number. 'all' divides
            by that of all pixels, as Eq. 3 is printed, which rewards a flow
            that points out of the frame.

    Returns:
        Scalar float32: the penalty's mean over channels and pixels. Zero
        where no pixel is valid.

    Raises:
        ValueError: if the shapes do not fit together, or ``norm`` is none of
            the two.
    """
    check_photo_norm(norm)
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
    warped = warp(next_frame.float(), flow.float())
    valid = stays_inside(flow)
    penalty = _charbonnier(frame.float() - warped).mean(1, keepdim=True)
    penalty = penalty.where(valid, 0)
    if norm == 'all':
        return penalty.mean()
    return penalty.sum() / valid.sum().clamp(min=1)


def check_photo_norm(norm: str) -> None:
    """Raise unless ``photometric_loss`` knows this norm."""
    if norm not in PHOTO_NORMS:
        raise ValueError(
            f'the photometric loss is divided by the number of pixels of '
            f'one of {PHOTO_NORMS}, got {norm!r}'
        )


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

"""Correlation of neighbouring maps (HCML, Yang et al. 2020, Eq. 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length


@float32_math
def cost_volume(
    first: Tensor, second: Tensor, max_displacement: int = 6, stride: int = 2
) -> Tensor:
    """Cosine of each position with the displaced positions of the next map.

    Args:
        first: (B, C, H, W).
        second: (B, C, H, W), the map of the following frame.
        max_displacement: d, pixels of the map in each direction.
        stride: s, step between displacements.

    Returns:
        (B, n*n, H, W) float32 with n = 2 * (d // s) + 1; channel
        ``n * iy + ix`` holds the displacement ``(dy, dx)``, each from
        ``-(d // s) * s`` in steps of s, and is the cosine of
        ``first[:, :, y, x]`` with ``second[:, :, y + dy, x + dx]``: zero
        where that lies outside.

    Raises:
        ValueError: for shapes that differ or a bad displacement.
    """
    if first.ndim != 4 or first.shape != second.shape:
        raise ValueError(
            'expected first and second of one shape (B, C, H, W), got '
            f'{tuple(first.shape)} and {tuple(second.shape)}'
        )
    if max_displacement < 0 or stride < 1:
        raise ValueError(
            'expected max_displacement >= 0 and stride >= 1, got '
            f'{max_displacement} and {stride}'
        )
    reach = max_displacement // stride * stride
    steps = range(0, 2 * reach + 1, stride)
    batch, _, height, width = first.shape
    a = unit_length(first.float(), dim=1)
    b = F.pad(unit_length(second.float(), dim=1), (reach,) * 4)

    # A row of `first` against a whole row of `second` is one matrix product.
    # Rows lead, so that displacing by dy is a view and nothing is copied.
    a = a.permute(2, 0, 3, 1).flatten(0, 1)  # (H*B, W, C)
    b = b.permute(2, 0, 1, 3).contiguous()  # (H + 2*reach, B, C, W + 2*reach)
    columns = torch.arange(width, device=a.device)[:, None]
    columns = columns + torch.tensor(steps, device=a.device)  # (W, n)
    columns = columns.expand(height * batch, -1, -1)
    bands = [
        torch.bmm(a, b[dy : dy + height].flatten(0, 1)).gather(-1, columns)
        for dy in steps
    ]  # n x (H*B, W, n), of W*(W + 2*reach) products each
    volume = torch.stack(bands, dim=1)  # (H*B, n_y, W, n_x)
    volume = volume.unflatten(0, (height, batch))
    return volume.permute(1, 2, 4, 0, 3).flatten(1, 2)  # (B, n*n, H, W)

"""Correlation of neighbouring maps (HCML, Yang et al. 2020, Eq. 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length

# Rows that are multiplied at once. With more of them products are larger,
# but a larger share of them is of positions that are too far apart.
_BAND = 7


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
    reach = max_displacement // stride  # in steps
    if reach == 0:
        stride = 1  # a single displacement, by nothing
    height, width = first.shape[2:]
    a = _split_phases(unit_length(first.float(), dim=1), stride)
    b = _split_phases(unit_length(second.float(), dim=1), stride)
    bands = [
        _correlate_band(a, b, range(a.shape[2])[top : top + _BAND], reach)
        for top in range(0, a.shape[2], _BAND)
    ]
    volume = torch.cat(bands, dim=1)  # (B*s*s, h, w, n*n)
    # -1: an exported network takes batches of any size
    volume = volume.unflatten(0, (-1, stride, stride))
    volume = volume.permute(0, 5, 3, 1, 4, 2)  # (B, n*n, h, s, w, s)
    return volume.flatten(4, 5).flatten(2, 3)[:, :, :height, :width]


def _split_phases(x: Tensor, stride: int) -> Tensor:
    """Take every s-th row and column: s*s maps where steps lead to neighbours.

    A displacement by whole steps stays within one of them, so that no product
    is computed for displacements in between.

    Args:
        x: (B, C, H, W).
        stride: s.

    Returns:
        (B*s*s, C, h, w), h = ceil(H/s) and w = ceil(W/s), zeros being added.
    """
    height, width = x.shape[2:]
    x = F.pad(x, (0, -width % stride, 0, -height % stride))
    x = x.unflatten(3, (-1, stride)).unflatten(2, (-1, stride))
    x = x.permute(0, 3, 5, 1, 2, 4)  # (B, s, s, C, h, w)
    return x.flatten(0, 2)


def _correlate_band(
    first: Tensor, second: Tensor, rows: range, reach: int
) -> Tensor:
    """Multiply a band of rows with its neighbours, up to ``reach`` away.

    One matrix product of all positions of the band with all of the rows that
    it reaches, of which the neighbours are picked: many more numbers than
    needed, and yet much faster than to compute the needed ones.

    Args:
        first: (P, C, h, w).
        second: (P, C, h, w).
        rows: Rows of ``first``.
        reach: r, rows and columns in each direction.

    Returns:
        (P, len(rows), w, n*n) with n = 2*r + 1; zero for neighbours outside.
    """
    height, width = first.shape[2:]
    others = range(height)[max(rows.start - reach, 0) : rows.stop + reach]
    a = first[:, :, rows.start : rows.stop].flatten(2)
    b = second[:, :, others.start : others.stop].flatten(2)
    products = a.transpose(1, 2) @ b  # (P, len(rows)*w, len(others)*w)

    steps = torch.arange(-reach, reach + 1, device=first.device)
    y = torch.arange(rows.start, rows.stop, device=first.device)
    y = y[:, None, None, None] + steps[:, None] - others.start
    x = torch.arange(width, device=first.device)
    x = x[:, None, None] + steps
    inside = (y >= 0) & (y < len(others)) & (x >= 0) & (x < width)
    places = torch.where(inside, y * width + x, 0)  # (len(rows), w, n, n)
    places = places.flatten(2).flatten(0, 1)  # (len(rows)*w, n*n)
    picked = products.gather(2, places.expand(products.shape[0], -1, -1))
    picked = picked.unflatten(1, (len(rows), width))
    return picked * inside.flatten(2)

"""Decoupling attention between clips (CORP, Hu et al. 2021, section 3.4)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslcodebase.registry import MODELS
from vsslcodebase.utils.precision import float32_math

from .init import linear_weight


@MODELS.register_module()
class DecouplingAttention(nn.Module):
    """Relate two clips by symmetric and antisymmetric products (Eq. 8).

    ``r(x, y) = [Gx * Gy ; Px * Qy - Qx * Py]`` without the summation of Eq. 8,
    so that each entry is a head. The first part does not change when x and y
    are swapped, the second changes its sign.

    G, P and Q are the parameters ``symmetric`` (num_symmetric, in_channels),
    ``left`` and ``right`` (num_antisymmetric, in_channels).

    Args:
        in_channels: d, width of the clip embeddings.
        num_symmetric: n, rows of G.
        num_antisymmetric: l, rows of P and Q. CORP states neither n nor l;
            64 and 64 give as many heads as its 128 of mixed attention.

    Raises:
        ValueError: for negative counts, or no head at all.
    """

    def __init__(
        self,
        in_channels: int,
        num_symmetric: int = 64,
        num_antisymmetric: int = 64,
    ) -> None:
        """Draw G, P and Q as ``nn.Linear`` draws its weight."""
        super().__init__()
        counts = (num_symmetric, num_antisymmetric)
        if in_channels < 1 or min(counts) < 0 or sum(counts) == 0:
            raise ValueError(
                'expected in_channels >= 1 and at least one head, got '
                f'in_channels={in_channels}, num_symmetric={num_symmetric}, '
                f'num_antisymmetric={num_antisymmetric}'
            )
        self.in_channels = in_channels
        self.out_channels = sum(counts)
        self.symmetric = linear_weight(num_symmetric, in_channels)
        self.left = linear_weight(num_antisymmetric, in_channels)
        self.right = linear_weight(num_antisymmetric, in_channels)

    @float32_math
    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Apply G, P and Q to clips, once each, in float32.

        Args:
            x: (..., in_channels).

        Returns:
            ``Gx`` (..., num_symmetric), ``Px`` and ``Qx``
            (..., num_antisymmetric).
        """
        weights = (self.symmetric, self.left, self.right)
        # float32 at least; a module in float64 computes in float64
        dtype = torch.promote_types(self.left.dtype, torch.float32)
        x = x.to(dtype)
        g, p, q = (F.linear(x, weight.to(dtype)) for weight in weights)
        return g, p, q

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Relate any number of pairs at once.

        Args:
            x: (..., in_channels).
            y: (..., in_channels), leading axes broadcast against those of x:
                ``forward(z[:, None], z)`` are all pairs of M clips, and the
                projections are still applied to each clip once.

        Returns:
            (..., num_symmetric + num_antisymmetric) float32, the symmetric
            heads first.
        """
        gx, px, qx = self.project(x)
        gy, py, qy = self.project(y)
        return torch.cat([gx * gy, px * qy - qx * py], dim=-1)

    def extra_repr(self) -> str:
        """Show the sizes of G, P and Q."""
        return (
            f'in_channels={self.in_channels}, '
            f'num_symmetric={len(self.symmetric)}, '
            f'num_antisymmetric={len(self.left)}'
        )

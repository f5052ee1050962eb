"""Multi-head attention between clips (CORP, Hu et al. 2021, Eq. 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslcodebase.registry import MODELS
from vsslcodebase.utils.precision import float32_math

from .init import linear_weight


@MODELS.register_module()
class MixedAttention(nn.Module):
    """Relate two clips by h inner products ``<U_k x, V_k y>`` (Eq. 1).

    U and V are the parameters ``query`` and ``key``, both
    (in_channels, in_channels); head k owns rows k*d/h to (k+1)*d/h of each.

    Args:
        in_channels: d, width of the clip embeddings.
        num_heads: h, a divisor of ``in_channels``.

    Raises:
        ValueError: if ``num_heads`` does not divide ``in_channels``.
    """

    def __init__(self, in_channels: int, num_heads: int = 128) -> None:
        """Draw U and V as ``nn.Linear`` draws its weight."""
        super().__init__()
        if num_heads < 1 or in_channels % num_heads:
            raise ValueError(
                'num_heads must divide in_channels, got '
                f'num_heads={num_heads}, in_channels={in_channels}'
            )
        self.in_channels = in_channels
        self.out_channels = num_heads
        self.query = linear_weight(in_channels, in_channels)
        self.key = linear_weight(in_channels, in_channels)

    @float32_math
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Relate any number of pairs at once.

        Args:
            x: (..., in_channels).
            y: (..., in_channels), leading axes broadcast against those of x.

        Returns:
            (..., num_heads) float32.
        """
        # float32 at least; a module in float64 computes in float64
        dtype = torch.promote_types(self.query.dtype, torch.float32)
        heads = (self.out_channels, -1)
        query = F.linear(x.to(dtype), self.query.to(dtype))
        key = F.linear(y.to(dtype), self.key.to(dtype))
        # (..., h, d/h) each; the pairs are formed by broadcasting
        return (query.unflatten(-1, heads) * key.unflatten(-1, heads)).sum(-1)

    def extra_repr(self) -> str:
        """Show the width and the number of heads."""
        return f'in_channels={self.in_channels}, num_heads={self.out_channels}'

"""Max pool with TensorFlow's 'SAME' padding, which S3D was made with."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .conv_units import Size3d


def same_padding(n: int, length: int, step: int) -> tuple[int, int]:
    """Return how far ``ceil(n / step)`` windows reach beyond ``n`` positions.

    Args:
        n: Positions along an axis.
        length: Of the kernel.
        step: The stride.

    Returns:
        Positions before the first and after the last; the end has one more
        if their sum is odd.
    """
    total = max((-(-n // step) - 1) * step + length - n, 0)
    return total // 2, total - total // 2


class SameMaxPool3d(nn.Module):
    """``ceil(n / stride)`` windows, laid centrally over ``n`` positions.

    Of an odd number of positions beyond the edges the end has one more; they
    are never the maximum. Kernels are not shorter than their stride.

    Args:
        kernel_size: For time, height and width.
        stride: Likewise.
    """

    def __init__(self, kernel_size: Size3d, stride: Size3d) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, T, H, W) to (N, C, t, h, w)."""
        # What is left over at the end follows of ``ceil_mode``, which saves
        # a padded copy of the map.
        before = tuple(
            same_padding(n, length, step)[0]
            for n, length, step in zip(
                x.shape[2:], self.kernel_size, self.stride
            )
        )
        return F.max_pool3d(
            x, self.kernel_size, self.stride, before, ceil_mode=True
        )

    def extra_repr(self) -> str:
        """Show the options when printed."""
        return f'kernel_size={self.kernel_size}, stride={self.stride}'

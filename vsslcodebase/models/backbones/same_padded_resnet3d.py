"""3D ResNets with TensorFlow's 'SAME' padding, for weights trained there.

With an even number of positions, a kernel of 3 and a stride of 2, PyTorch's
networks pad one position on both sides, TensorFlow's one at the end: their
windows are a position apart, at each of the five layers that halve a map.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from vsslcodebase.registry import MODELS

from .same_max_pool import SameMaxPool3d, same_padding
from .video_resnet3d import VideoResNet3d


class SameConv3d(nn.Conv3d):
    """``nn.Conv3d`` that pads each input as TensorFlow's 'SAME' does.

    ``padding`` is not looked at: it follows of the input's size. Without
    stride it is half of an odd kernel, as ever.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, T, H, W) to (N, D, t, h, w), ``t = ceil(T / stride)``."""
        pads = [
            same_padding(n, rate * (length - 1) + 1, step)
            for n, length, step, rate in zip(
                x.shape[2:], self.kernel_size, self.stride, self.dilation
            )
        ]
        padding = [before for before, _ in pads]
        if any(before != after for before, after in pads):
            # the last axis first, before and after in turn
            x = F.pad(x, [p for pair in reversed(pads) for p in pair])
            padding = [0, 0, 0]
        return F.conv3d(
            x,
            self.weight,
            self.bias,
            self.stride,
            padding,
            self.dilation,
            self.groups,
        )


@MODELS.register_module()
class SamePaddedResNet3d(VideoResNet3d):
    """``VideoResNet3d`` whose strided layers pad as TensorFlow's do.

    Keys and shapes of its tensors are those of ``VideoResNet3d``; the same
    weights give other features there. Inputs may have any size.

    Args:
        args: Of ``VideoResNet3d``.
        kwargs: Of ``VideoResNet3d``, without ``conv_cfg``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        conv_cfg = dict(type=SameConv3d)
        super().__init__(*args, conv_cfg=conv_cfg, **kwargs)

    def _make_stem_layer(self) -> None:
        """Make the stem; its pool pads as the convolutions do."""
        super()._make_stem_layer()
        space, time = self.pool1_stride_s, self.pool1_stride_t
        self.maxpool = SameMaxPool3d((1, 3, 3), (time, space, space))

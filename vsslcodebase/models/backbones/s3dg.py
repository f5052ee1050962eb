"""S3D and S3D-G: separable Inception in 3D (Xie et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from vsslcodebase.registry import MODELS

from .conv_units import Size3d, factorised_conv, whole_conv
from .pretrained import PretrainedBackbone
from .same_max_pool import SameMaxPool3d

# kernel and stride of the pool at the beginning of each stage
_POOLS: dict[str, tuple[Size3d, Size3d]] = {
    'conv2': ((1, 3, 3), (1, 2, 2)),
    'conv3': ((1, 3, 3), (1, 2, 2)),
    'conv4': ((3, 3, 3), (2, 2, 2)),
    'conv5': ((2, 2, 2), (2, 2, 2)),
}
# channels of GoogLeNet: 1x1x1; 1x1x1 and 3x3x3 behind it; the same again;
# 1x1x1 behind a pool
_MIXED = {
    'conv3': {
        'mixed_3b': (64, 96, 128, 16, 32, 32),
        'mixed_3c': (128, 128, 192, 32, 96, 64),
    },
    'conv4': {
        'mixed_4b': (192, 96, 208, 16, 48, 64),
        'mixed_4c': (160, 112, 224, 24, 64, 64),
        'mixed_4d': (128, 128, 256, 24, 64, 64),
        'mixed_4e': (112, 144, 288, 32, 64, 64),
        'mixed_4f': (256, 160, 320, 32, 128, 128),
    },
    'conv5': {
        'mixed_5b': (256, 160, 320, 32, 128, 128),
        'mixed_5c': (384, 192, 384, 48, 128, 128),
    },
}


@MODELS.register_module()
class S3DG(PretrainedBackbone):
    """S3D-G up to its global average, and S3D, which has no gates.

    A stage begins with its pool, so that 'conv3' is the map of mixed_3c.
    That of Pace Prediction has an output for inputs of any size:

    =====  ===================================  ==============
    stage  layers                               64 x 224 x 224
    =====  ===================================  ==============
    conv1  3x7x7, whole                         64x32x112x112
    conv2  pool, 1x1x1, separable 3x3x3, gate   192x32x56x56
    conv3  pool, mixed_3b, mixed_3c             480x32x28x28
    conv4  pool, mixed_4b to mixed_4f           832x16x14x14
    conv5  pool, mixed_5b, mixed_5c             1024x8x7x7
    =====  ===================================  ==============

    Others differ in details by which weights of one do not fit the other:

    ==============  ===========================  ===========
    ..              Pace Prediction, HowTo100M   CoCLR
    ==============  ===========================  ===========
    gates           True                         False
    separable_stem  False                        True
    same_pools      True                         False
    parameters      9,125,072                    7,910,048
    ==============  ===========================  ===========

    Args:
        in_channels: Colour channels of the input.
        base_channels: Width of conv1; the other layers have their share.
        gates: A gate closes conv2 and each branch of a mixed layer.
        separable_stem: conv1 is a 1x7x7 convolution and then a 7x1x1.
        same_pools: The pools that begin a stage pad like TensorFlow's
            'SAME': one more at the end than at the beginning. Otherwise by
            half a kernel at both, and a window of conv5 that the map does
            not fill is dropped.
        norm_cfg: Norm layer, default BN3d.
        init_cfg: See ``PretrainedBackbone``. Default Kaiming normal, fan
            out, for convolutions.
        options: ``frozen`` and ``memory_format`` of ``PretrainedBackbone``.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        gates: bool = True,
        separable_stem: bool = False,
        same_pools: bool = True,
        norm_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        init_cfg = init_cfg or dict(type='Kaiming', layer='Conv3d')
        super().__init__(init_cfg=init_cfg, **options)
        norm_cfg = norm_cfg or dict(type='BN3d')
        stem, wide = base_channels, base_channels * 3
        pool = SameMaxPool3d if same_pools else _half_padded_pool
        self.same_pools = same_pools
        if separable_stem:
            self.conv1: nn.Module = _separable(
                in_channels, stem, (7, 7, 7), (2, 2, 2), norm_cfg=norm_cfg
            )
        else:
            self.conv1 = whole_conv(
                in_channels, stem, (3, 7, 7), (2, 2, 2), norm_cfg=norm_cfg
            )
        self.conv2 = nn.Sequential()
        self.conv2.pool = pool(*_POOLS['conv2'])
        self.conv2.conv_2b = whole_conv(
            stem, stem, (1, 1, 1), norm_cfg=norm_cfg
        )
        self.conv2.conv_2c = _separable(stem, wide, norm_cfg=norm_cfg)
        if gates:
            self.conv2.gate = SelfGating(wide)
        channels = wide
        for stage, plan in _MIXED.items():
            layers = nn.Sequential()
            layers.pool = pool(*_POOLS[stage])
            for name, widths in plan.items():
                scaled = [
                    max(round(width * base_channels / 64), 1)
                    for width in widths
                ]
                mixed = SeparableInception(channels, scaled, norm_cfg, gates)
                layers.add_module(name, mixed)
                channels = mixed.out_channels
            self.add_module(stage, layers)
        self.feat_dim = channels
        self.settle()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, T, H, W) to (N, D, t, h, w), D = ``feat_dim``.

        Raises:
            ValueError: The clips are too small for pools without 'SAME'.
        """
        if not self.same_pools and (x.shape[2] < 5 or min(x.shape[3:]) < 17):
            raise ValueError(
                'S3DG with same_pools=False pools clips of T x H x W = '
                f'{" x ".join(map(str, x.shape[2:]))} to nothing; it needs at '
                'least 5 frames of 17 x 17: sample longer clips or resize to '
                'more pixels'
            )
        x = self.conv2(self.conv1(x))
        return self.conv5(self.conv4(self.conv3(x)))


class SeparableInception(nn.Module):
    """Four branches side by side, each gated for itself.

    Args:
        in_channels: Of the input.
        widths: Six: the 1x1x1 branch; reduction and output of two separable
            branches; the branch behind a pool.
        norm_cfg: Norm layer.
        gates: Whether there are gates.
    """

    def __init__(
        self,
        in_channels: int,
        widths: Sequence[int],
        norm_cfg: dict[str, Any],
        gates: bool = True,
    ) -> None:
        super().__init__()
        point = partial(
            whole_conv, in_channels, kernel_size=(1, 1, 1), norm_cfg=norm_cfg
        )
        direct, narrow1, wide1, narrow2, wide2, pooled = widths
        separable = partial(_separable, norm_cfg=norm_cfg)
        branches = [
            nn.Sequential(point(direct)),
            nn.Sequential(point(narrow1), separable(narrow1, wide1)),
            nn.Sequential(point(narrow2), separable(narrow2, wide2)),
            nn.Sequential(SameMaxPool3d((3, 3, 3), (1, 1, 1)), point(pooled)),
        ]
        outputs = (direct, wide1, wide2, pooled)
        if gates:
            for branch, width in zip(branches, outputs):
                branch.append(SelfGating(width))
        self.branches = nn.ModuleList(branches)
        self.out_channels = sum(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, T, H, W) to (N, ``out_channels``, T, H, W)."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class SelfGating(nn.Module):
    """Each channel times the sigmoid of a linear map of all their means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (N, C, T, H, W) of ``x``."""
        weights = torch.sigmoid(self.linear(x.mean((2, 3, 4))))
        return x * weights[:, :, None, None, None]


def _separable(
    in_channels: int,
    out_channels: int,
    kernel_size: Size3d = (3, 3, 3),
    stride: Size3d = (1, 1, 1),
    *,
    norm_cfg: dict[str, Any],
) -> nn.Sequential:
    """Split as S3D does it: as many channels between as come out."""
    return factorised_conv(
        in_channels,
        out_channels,
        kernel_size,
        stride,
        norm_cfg=norm_cfg,
        mid_channels=out_channels,
    )


def _half_padded_pool(kernel_size: Size3d, stride: Size3d) -> nn.MaxPool3d:
    """Pad by half an odd kernel at both ends, and an even one not at all."""
    padding = tuple((length - 1) // 2 for length in kernel_size)
    return nn.MaxPool3d(kernel_size, stride, padding)

"""A 3D network small enough to learn on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmcv.cnn import ConvModule
from torch import Tensor, nn

from vsslcodebase.registry import MODELS

from .pretrained import PretrainedBackbone


@MODELS.register_module()
class SmallR3D(PretrainedBackbone):
    """Strided 3x3x3 convolutions with optional residual blocks between.

    A stage is one convolution that halves height and width (and, from the
    second stage on, time), BatchNorm and ReLU, followed by residual blocks
    of two 3x3x3 convolutions. The default, no block at all, is 0.3 million
    parameters in four layers: 8x32x32 comes out as 1x2x2.

    Args:
        in_channels: Colour channels of the input.
        widths: Output channels of each stage.
        num_blocks: Residual blocks of each stage. Default none.
        spatial_strides: Of each stage, for height and width. Default 2.
        temporal_strides: Of each stage. Default 1, then 2.
        norm_cfg: Norm layer, default BN3d.
        init_cfg: See ``PretrainedBackbone``. Default Kaiming normal, fan out.
        options: ``frozen`` and ``memory_format`` of ``PretrainedBackbone``.
    """

    def __init__(
        self,
        in_channels: int = 3,
        widths: Sequence[int] = (16, 32, 64, 128),
        num_blocks: Sequence[int] | None = None,
        spatial_strides: Sequence[int] | None = None,
        temporal_strides: Sequence[int] | None = None,
        norm_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        init_cfg = init_cfg or dict(type='Kaiming', layer='Conv3d')
        super().__init__(init_cfg=init_cfg, **options)
        norm_cfg = norm_cfg or dict(type='BN3d')
        depth = len(widths)
        num_blocks = num_blocks or (0,) * depth
        spatial_strides = spatial_strides or (2,) * depth
        # The first stage keeps all frames: motion is read before it is lost.
        temporal_strides = temporal_strides or (1,) + (2,) * (depth - 1)
        plan = (widths, num_blocks, spatial_strides, temporal_strides)
        if {len(values) for values in plan} != {depth}:
            raise ValueError(
                'widths, num_blocks, spatial_strides and '
                'temporal_strides need one value per stage, got '
                + ', '.join(str(tuple(v)) for v in plan)
            )
        self.stages = nn.Sequential()
        for width, blocks, s, t in zip(*plan):
            layers = [_conv(in_channels, width, norm_cfg, stride=(t, s, s))]
            layers += [_ResidualBlock(width, norm_cfg) for _ in range(blocks)]
            self.stages.append(nn.Sequential(*layers))
            in_channels = width
        self.feat_dim = in_channels
        self.settle()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, T, H, W) to (N, D, t, h, w), D = ``widths[-1]``."""
        return self.stages(x)


class _ResidualBlock(nn.Module):
    """Two 3x3x3 convolutions around an identity."""

    def __init__(self, width: int, norm_cfg: dict[str, Any]) -> None:
        super().__init__()
        self.conv1 = _conv(width, width, norm_cfg)
        self.conv2 = _conv(width, width, norm_cfg, act_cfg=None)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape of ``x``."""
        return self.relu(x + self.conv2(self.conv1(x)))


def _conv(
    in_channels: int,
    out_channels: int,
    norm_cfg: dict[str, Any],
    **options: Any,
) -> ConvModule:
    """3x3x3 convolution without bias, norm and, by default, ReLU."""
    return ConvModule(
        in_channels,
        out_channels,
        kernel_size=3,
        padding=1,
        bias=False,
        conv_cfg=dict(type='Conv3d'),
        norm_cfg=norm_cfg,
        **options,
    )

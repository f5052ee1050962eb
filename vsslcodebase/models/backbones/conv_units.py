"""Convolution, norm and ReLU: in one piece, or in space and then in time.

The second kind is the (2+1)D convolution of Tran et al. (2018), Section 3.5,
and the separable one of S3D (Xie et al. 2018).
"""

from __future__ import annotations

from typing import Any

from mmcv.cnn import ConvModule
from torch import nn

Size3d = tuple[int, int, int]  # time, height, width


def whole_conv(
    in_channels: int,
    out_channels: int,
    kernel_size: Size3d = (3, 3, 3),
    stride: Size3d = (1, 1, 1),
    *,
    norm_cfg: dict[str, Any],
    act: bool = True,
) -> ConvModule:
    """3D convolution without bias, norm and, with ``act``, ReLU.

    Odd kernels are padded by half their length: of ``n`` positions
    ``ceil(n / stride)`` come out.

    Returns:
        Module from (N, in, T, H, W) to (N, out, t, h, w), with the parts
        ``conv``, ``bn`` and ``activate``.
    """
    return ConvModule(
        in_channels,
        out_channels,
        kernel_size,
        stride=stride,
        padding=tuple(length // 2 for length in kernel_size),
        bias=False,
        conv_cfg=dict(type='Conv3d'),
        norm_cfg=norm_cfg,
        act_cfg=dict(type='ReLU') if act else None,
    )


def factorised_conv(
    in_channels: int,
    out_channels: int,
    kernel_size: Size3d = (3, 3, 3),
    stride: Size3d = (1, 1, 1),
    *,
    norm_cfg: dict[str, Any],
    act: bool = True,
    mid_channels: int | None = None,
) -> nn.Sequential:
    """1 x k x k convolution, norm, ReLU, then the same with k x 1 x 1.

    Args:
        in_channels: Of the input.
        out_channels: Of the output.
        kernel_size: Of the 3D convolution that this stands for.
        stride: Likewise; each part has its share.
        norm_cfg: Norm layer of both parts.
        act: Whether a ReLU follows the second norm.
        mid_channels: Between the parts. Default: see ``equal_mid_channels``.

    Returns:
        Module with the parts ``spatial`` and ``temporal``.
    """
    if mid_channels is None:
        mid_channels = equal_mid_channels(
            in_channels, out_channels, kernel_size
        )
    length, height, width = kernel_size
    unit = nn.Sequential()
    unit.spatial = whole_conv(
        in_channels,
        mid_channels,
        (1, height, width),
        (1, *stride[1:]),
        norm_cfg=norm_cfg,
    )
    unit.temporal = whole_conv(
        mid_channels,
        out_channels,
        (length, 1, 1),
        (stride[0], 1, 1),
        norm_cfg=norm_cfg,
        act=act,
    )
    return unit


def equal_mid_channels(
    in_channels: int, out_channels: int, kernel_size: Size3d
) -> int:
    """Channels between the parts for the parameters of the 3D convolution.

    ``M = floor(t s C D / (s C + t D))`` (Tran et al. 2018, Section 3.5) with
    ``t`` the kernel's length, ``s`` its area, ``C`` and ``D`` the channels;
    at least 1.
    """
    length, height, width = kernel_size
    area = height * width
    weights = length * area * in_channels * out_channels
    weights_per_channel = area * in_channels + length * out_channels
    return max(weights // weights_per_channel, 1)

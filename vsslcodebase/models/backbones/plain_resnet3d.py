"""R3D, MC and R(2+1)D: ResNets of basic blocks (Tran et al. 2018, Table 1).

Not MMAction2's ``ResNet3d`` and ``ResNet2Plus1d``: those pool after the stem,
and their (2+1)D convolution takes each kernel for one of length 3, so that a
shortcut has other widths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from vsslcodebase.registry import MODELS

from .conv_units import (
    equal_mid_channels,
    factorised_conv,
    whole_conv,
)
from .pretrained import PretrainedBackbone

_CONVS: dict[str, Callable[..., nn.Module]] = {
    'r3d': whole_conv,
    'r2plus1d': factorised_conv,
}


@MODELS.register_module()
class PlainResNet3d(PretrainedBackbone):
    """Stem without a pool, then stages of basic blocks: conv1 to conv5.

    Every stage after conv2 halves time, height and width, and doubles the
    channels: 16x112x112 comes out as 512x2x7x7. An input of any size has an
    output. Two networks go by the name of "18" and differ:

    ===========================  ==================  ====================
    ..                           VCOP, Pace          torchvision
    ===========================  ==================  ====================
    num_blocks                   (1, 1, 1, 1)        (2, 2, 2, 2)
    stem_mid_channels            None: 83            45
    plain_shortcuts              False               True
    share_mid_channels           False               True
    parameters, 'r3d'            14,361,792          33,166,272
    parameters, 'r2plus1d'       14,365,303          31,300,125
    ===========================  ==================  ====================

    Of these options 'r3d' has the first only; with ``flat_from=3`` the right
    column is torchvision's mc3_18, 11,490,240 parameters. The parameters
    stand in torchvision's order, so that its files can be read one by one.

    Args:
        block: 'r3d', whole 3D convolutions, or 'r2plus1d', each one
            factorised into space and time.
        num_blocks: Residual blocks of each stage from conv2 on.
        in_channels: Colour channels of the input.
        base_channels: Width of conv1 and conv2.
        stem_mid_channels: Between the two parts of conv1. Default: as many
            as keep the number of parameters.
        plain_shortcuts: The 1x1x1 convolution of a shortcut stays whole.
        share_mid_channels: The second convolution of a block has as many
            channels between its parts as the first has.
        flat_from: From this conv on, 2 to 5 for four stages, kernels are
            1x3x3 and time is not halved: the MC networks of the paper.
            Default: nowhere.
        norm_cfg: Norm layer, default BN3d.
        init_cfg: See ``PretrainedBackbone``. Default Kaiming normal, fan out.
        options: ``frozen`` and ``memory_format`` of ``PretrainedBackbone``.

    Raises:
        ValueError: For an unknown ``block``, a stage without a block, an
            option of one ``block`` with the other, or a ``flat_from`` that
            is no stage.
    """

    def __init__(
        self,
        block: str = 'r3d',
        num_blocks: Sequence[int] = (1, 1, 1, 1),
        in_channels: int = 3,
        base_channels: int = 64,
        stem_mid_channels: int | None = None,
        plain_shortcuts: bool = False,
        share_mid_channels: bool = False,
        flat_from: int | None = None,
        norm_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        factorised = stem_mid_channels or plain_shortcuts or share_mid_channels
        _check(block, num_blocks, bool(factorised), flat_from)
        init_cfg = init_cfg or dict(type='Kaiming', layer='Conv3d')
        super().__init__(init_cfg=init_cfg, **options)
        norm_cfg = norm_cfg or dict(type='BN3d')
        conv = partial(_CONVS[block], norm_cfg=norm_cfg)
        project = whole_conv if plain_shortcuts else _CONVS[block]
        kinds: dict[str, Any] = dict(
            conv=conv,
            project=partial(project, norm_cfg=norm_cfg),
            share_mid_channels=share_mid_channels,
        )
        stem: dict[str, Any] = (
            dict(mid_channels=stem_mid_channels) if stem_mid_channels else {}
        )
        self.conv1 = conv(
            in_channels, base_channels, (3, 7, 7), (1, 2, 2), **stem
        )
        self.stages = ['conv1']
        channels = base_channels
        for number, blocks in enumerate(num_blocks, start=2):
            width = base_channels * 2 ** (number - 2)
            stride = 1 if number == 2 else 2
            kinds['flat'] = flat_from is not None and number >= flat_from
            name = f'conv{number}'
            self.add_module(
                name, _stage(channels, width, blocks, stride, **kinds)
            )
            self.stages.append(name)
            channels = width
        self.feat_dim = channels
        self.settle()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, T, H, W) to (N, D, t, h, w), D = ``feat_dim``."""
        for name in self.stages:
            x = getattr(self, name)(x)
        return x


def _stage(
    in_channels: int, out_channels: int, blocks: int, stride: int, **kinds: Any
) -> nn.Sequential:
    """Chain blocks; the first changes channels and size."""
    first = _BasicBlock(in_channels, out_channels, stride, **kinds)
    others = (
        _BasicBlock(out_channels, out_channels, 1, **kinds)
        for _ in range(blocks - 1)
    )
    return nn.Sequential(first, *others)


class _BasicBlock(nn.Module):
    """Two 3x3x3 convolutions around a shortcut.

    Args:
        in_channels: Of the input.
        out_channels: Of the output.
        stride: Of the first convolution and of the shortcut, in time,
            height and width.
        conv: Makes the convolutions, with norm and ReLU.
        project: Makes the 1x1x1 convolution of the shortcut, which is the
            identity where the shape stays.
        share_mid_channels: See ``PlainResNet3d``.
        flat: Kernels and strides have no extent in time.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        conv: Callable[..., nn.Module],
        project: Callable[..., nn.Module],
        share_mid_channels: bool,
        flat: bool,
    ) -> None:
        super().__init__()
        kernel = (1 if flat else 3, 3, 3)
        strides = (1 if flat else stride, stride, stride)
        mid = {}
        if share_mid_channels:
            mid['mid_channels'] = equal_mid_channels(
                in_channels, out_channels, kernel
            )
        self.conv1 = conv(in_channels, out_channels, kernel, strides)
        self.conv2 = conv(out_channels, out_channels, kernel, act=False, **mid)
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels or stride > 1:
            self.shortcut = project(
                in_channels, out_channels, (1, 1, 1), strides, act=False
            )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, T, H, W) to (N, out, t, h, w)."""
        return self.relu(self.conv2(self.conv1(x)) + self.shortcut(x))


def _check(
    block: str,
    num_blocks: Sequence[int],
    factorised: bool,
    flat_from: int | None,
) -> None:
    """Raise unless the options are of one network."""
    if block not in _CONVS:
        raise ValueError(
            f'block must be one of {", ".join(_CONVS)}, got {block!r}'
        )
    if not num_blocks or min(num_blocks) < 1:
        raise ValueError(
            'num_blocks needs at least one block for every stage, '
            f'got {tuple(num_blocks)}'
        )
    if block == 'r3d' and factorised:
        raise ValueError(
            'stem_mid_channels, plain_shortcuts and share_mid_channels are '
            "of factorised convolutions; set block='r2plus1d' or leave them "
            'out'
        )
    if flat_from is None:
        return
    if block != 'r3d':
        raise ValueError(
            "flat_from is of whole convolutions; set block='r3d' or leave it "
            'out'
        )
    if not 2 <= flat_from <= len(num_blocks) + 1:
        raise ValueError(
            f'flat_from must be one of the stages conv2 to '
            f'conv{len(num_blocks) + 1} by its number, got {flat_from}'
        )

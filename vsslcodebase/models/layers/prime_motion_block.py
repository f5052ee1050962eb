"""Motion features of neighbouring frames (HCML, Yang et al. 2020, Fig. 5)."""

from __future__ import annotations

from typing import Any

import torch
from mmcv.cnn import ConvModule, build_norm_layer
from mmengine.model import BaseModule, constant_init
from torch import Tensor, nn

from vsslcodebase.registry import MODELS

from .cost_volume import cost_volume


@MODELS.register_module()
class PrimeMotionBlock(BaseModule):
    """Find what moves where, and add it to the features (HCML, Section 3.2).

    Reduced features of every frame are compared with those of the next one
    at displacements up to ``max_displacement`` (Eq. 1); the last frame is
    its own next one. These cost volumes and the reduced features make the
    motion features P, and Z = F + g(P) goes on through the network. g ends
    with a norm whose scale is zero at first: a block that has not been
    trained changes nothing.

    Args:
        in_channels: C of the features F.
        reduction: beta, C / beta channels are compared.
        motion_channels: Of P, default C / 4. HCML does not print it; with
            C / 4 the multiply-adds are those of its Table 6.
        max_displacement: d, in pixels of the map.
        stride: s, step between displacements.
        norm_cfg: Norm layer, default BN3d.
        init_cfg: Weight initialisation, mmengine's.

    Raises:
        ValueError: A number out of range.
    """

    def __init__(
        self,
        in_channels: int,
        reduction: int = 8,
        motion_channels: int | None = None,
        max_displacement: int = 6,
        stride: int = 2,
        norm_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        reduced = in_channels // reduction if reduction > 0 else 0
        motion_channels = motion_channels or in_channels // 4
        if min(reduced, motion_channels, stride, max_displacement) < 1:
            raise ValueError(
                'a block needs at least 1 reduced channel (in_channels / '
                'reduction), 1 motion channel (in_channels / 4), a stride '
                f'and a displacement from 1 up; got in_channels={in_channels}'
                f', reduction={reduction}, stride={stride}, '
                f'max_displacement={max_displacement}'
            )
        self.in_channels = in_channels
        self.motion_channels = motion_channels
        self.max_displacement = max_displacement
        self.stride = stride
        num_costs = (2 * (max_displacement // stride) + 1) ** 2
        convs: dict[str, Any] = dict(
            conv_cfg=dict(type='Conv3d'),
            norm_cfg=norm_cfg or dict(type='BN3d'),
            bias=False,
        )
        self.reduce = ConvModule(in_channels, reduced, 1, **convs)
        self.cost_norm = build_norm_layer(convs['norm_cfg'], num_costs)[1]
        self.relu = nn.ReLU()
        self.combine = ConvModule(
            num_costs + reduced,
            motion_channels,
            (1, 3, 3),
            padding=(0, 1, 1),
            **convs,
        )
        self.fuse = ConvModule(
            motion_channels, in_channels, 1, act_cfg=None, **convs
        )
        constant_init(self.fuse.norm, 0)

    def init_weights(self) -> None:
        """Initialise; the block is the identity then."""
        super().init_weights()
        constant_init(self.fuse.norm, 0)

    def forward(self, feats: Tensor) -> tuple[Tensor, Tensor]:
        """Add motion to features.

        Args:
            feats: F, (N, C, T, H, W).

        Returns:
            Z, of the same shape, and P, (N, motion_channels, T, H, W).

        Raises:
            ValueError: Another number of channels, a clip of one frame, or
                maps that are smaller than the displacements.
        """
        motion = self.motion(feats)
        return feats + self.fuse(motion), motion

    def motion(self, feats: Tensor) -> Tensor:
        """Return P of F, (N, C, T, H, W) -> (N, motion_channels, T, H, W)."""
        self._check(feats)
        reduced = self.reduce(feats)
        following = torch.cat([reduced[:, :, 1:], reduced[:, :, -1:]], dim=2)
        costs = cost_volume(
            _frames(reduced),
            _frames(following),
            self.max_displacement,
            self.stride,
        )
        costs = costs.unflatten(0, (-1, feats.shape[2])).transpose(1, 2)
        costs = self.relu(self.cost_norm(costs.to(reduced.dtype)))
        return self.combine(torch.cat([costs, reduced], dim=1))

    def _check(self, feats: Tensor) -> None:
        """Raise unless motion can be read from the features."""
        if feats.ndim != 5 or feats.shape[1] != self.in_channels:
            raise ValueError(
                f'PrimeMotionBlock(in_channels={self.in_channels}) got '
                f'features of shape {tuple(feats.shape)}, expected '
                f'(N, {self.in_channels}, T, H, W)'
            )
        frames, height, width = feats.shape[2:]
        if frames < 2:
            raise ValueError(
                'PrimeMotionBlock compares a frame with the next one, but the '
                f'features have {frames} frame: take longer clips, fewer '
                'temporal strides before the block, or leave this level out'
            )
        if min(height, width) <= self.max_displacement:
            raise ValueError(
                f'a displacement of {self.max_displacement} leaves a map of '
                f'{height}x{width}: take larger frames, a smaller '
                'max_displacement, or leave this level out'
            )


def _frames(maps: Tensor) -> Tensor:
    """Take clips apart: (N, C, T, H, W) -> (N*T, C, H, W)."""
    return maps.transpose(1, 2).flatten(0, 1)

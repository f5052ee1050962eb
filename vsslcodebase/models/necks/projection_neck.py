"""Nonlinear projection between backbone and head (CORP, Section 3.1)."""

from __future__ import annotations

from typing import Any

from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslcodebase.registry import MODELS


@MODELS.register_module()
class ProjectionNeck(BaseModule):
    """Pool a feature map and project it with a small perceptron.

    Pooling, then ``num_hidden`` times Linear - BatchNorm - ReLU, then one
    Linear. CORP: three hidden layers of 2048 and, as its predecessor CVRL,
    128 outputs. MoCo on video: two hidden layers of 2048, no norm.

    Args:
        in_channels: Channels D of the feature map.
        hidden_channels: Width of the hidden layers.
        out_channels: Length d of an embedding.
        num_hidden: Number of hidden layers; 0 is a linear projection.
        pool_size: The map is averaged over time and to ``pool_size`` x
            ``pool_size`` cells in space. Above 1 it keeps where things are;
            the papers use 1.
        norm_cfg: Norm layer of the hidden layers and of ``last_bn``; None
            for hidden layers without, which then have biases.
        last_bn: End with a BatchNorm without parameters, which fixes the
            scale of the embeddings. CORP does not state one; without it the
            order task of small networks stays long at chance.
        init_cfg: Weight initialisation, mmengine's.
    """

    def __init__(
        self,
        in_channels: int = 2048,
        hidden_channels: int = 2048,
        out_channels: int = 128,
        num_hidden: int = 3,
        pool_size: int = 1,
        norm_cfg: dict[str, Any] | None = dict(type='SyncBN'),  # noqa: B006 - read only
        last_bn: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels
        self.pool = nn.AdaptiveAvgPool3d((1, pool_size, pool_size))
        layers: list[nn.Module] = []
        width = in_channels * pool_size**2
        for _ in range(num_hidden):
            # BatchNorm subtracts the mean: a bias before it has no effect.
            layers.append(
                nn.Linear(width, hidden_channels, bias=norm_cfg is None)
            )
            if norm_cfg is not None:
                layers.append(build_norm_layer(norm_cfg, hidden_channels)[1])
            layers.append(nn.ReLU(inplace=True))
            width = hidden_channels
        layers.append(nn.Linear(width, out_channels, bias=not last_bn))
        if last_bn:
            if norm_cfg is None:
                raise ValueError('last_bn=True needs a norm_cfg, got None')
            fixed_scale = dict(norm_cfg, affine=False)
            layers.append(build_norm_layer(fixed_scale, out_channels)[1])
        self.projection = nn.Sequential(*layers)

    def forward(
        self, feats: Tensor, data_samples: list | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Project every clip of the batch.

        Args:
            feats: (N, D, t, h, w) feature maps, N = B*V clips.
            data_samples: Not needed here; part of the necks' signature.

        Returns:
            (N, d) embeddings, not normalised, and no losses.
        """
        if feats.ndim != 5 or feats.shape[1] != self.in_channels:
            raise ValueError(
                f'ProjectionNeck(in_channels={self.in_channels}) got '
                f'features of shape {tuple(feats.shape)}, expected '
                f'(N, {self.in_channels}, t, h, w); set in_channels to the '
                "backbone's number of output channels"
            )
        return self.projection(self.pool(feats).flatten(1)), {}

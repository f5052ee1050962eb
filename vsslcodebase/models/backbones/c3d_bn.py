"""C3D with BatchNorm and without its fully connected layers.

Tran et al. (2015) for the convolutions; this form is the "C3D" of VCOP (Xu
et al. 2019), VCP and Pace Prediction. MMAction2's ``C3D`` ends in the two
layers of 4096.
"""

from __future__ import annotations

from typing import Any

from mmcv.cnn import build_norm_layer
from torch import Tensor, nn

from vsslcodebase.registry import MODELS

from .pretrained import PretrainedBackbone


@MODELS.register_module()
class C3DBN(PretrainedBackbone):
    """Eight 3x3x3 convolutions with BatchNorm, four max pools between.

    27,661,440 parameters; 16x112x112 comes out as 512x2x7x7. The layers are
    called conv1, pool1, conv2 and so on to pool4, conv5; from conv3 on a
    stage is two convolutions (conv3.0, conv3.1).

    Args:
        in_channels: Colour channels of the input.
        base_channels: Width of conv1; the others have 2, 4, 8 and 8 times
            as many.
        norm_cfg: Norm layer, default BN3d.
        init_cfg: See ``PretrainedBackbone``. Default Kaiming normal, fan out.
        options: ``frozen`` and ``memory_format`` of ``PretrainedBackbone``.
    """

    # the pools halve time three times and space four times
    least_size = (8, 16, 16)

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        norm_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        init_cfg = init_cfg or dict(type='Kaiming', layer='Conv3d')
        super().__init__(init_cfg=init_cfg, **options)
        norm_cfg = norm_cfg or dict(type='BN3d')
        layers: dict[str, nn.Module] = {}
        plan = zip((1, 2, 4, 8, 8), (1, 1, 2, 2, 2))
        for stage, (times, convs) in enumerate(plan, start=1):
            width = times * base_channels
            units = nn.Sequential()
            for _ in range(convs):
                units.append(_conv(in_channels, width, norm_cfg))
                in_channels = width
            layers[f'conv{stage}'] = units
            layers[f'pool{stage}'] = nn.MaxPool3d(
                (1, 2, 2) if stage == 1 else 2
            )
        del layers['pool5']  # the neck pools
        self.layers = tuple(layers)
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.feat_dim = in_channels
        self.settle()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, T, H, W) to (N, D, t, h, w), D = 8 ``base_channels``.

        Raises:
            ValueError: A clip is too short or small for the pools.
        """
        if any(n < least for n, least in zip(x.shape[2:], self.least_size)):
            frames, height, width = self.least_size
            raise ValueError(
                f'C3DBN pools clips of T x H x W = {_by(x.shape[2:])} to '
                f'nothing; it needs at least {frames} frames of '
                f'{height} x {width}: sample longer clips or resize to more '
                'pixels'
            )
        for name in self.layers:
            x = getattr(self, name)(x)
        return x


def _conv(
    in_channels: int, out_channels: int, norm_cfg: dict[str, Any]
) -> nn.Sequential:
    """3x3x3 convolution with bias, norm and ReLU.

    A bias does nothing before a norm. Checkpoints of this network have it,
    and the published size counts it; mmcv's ``ConvModule`` warns of it.
    """
    unit = nn.Sequential()
    unit.conv = nn.Conv3d(in_channels, out_channels, 3, padding=1)
    unit.bn = build_norm_layer(norm_cfg, out_channels)[1]
    unit.relu = nn.ReLU(inplace=True)
    return unit


def _by(sizes: tuple[int, ...]) -> str:
    return ' x '.join(str(size) for size in sizes)

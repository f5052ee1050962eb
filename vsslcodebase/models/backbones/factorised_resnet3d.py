"""R(2+1)D of bottleneck blocks, as HCML's Table 5 has it."""

from __future__ import annotations

from typing import Any

from mmaction.models.backbones.resnet3d import Bottleneck3d
from mmcv.cnn import ConvModule
from torch import nn

from vsslcodebase.registry import MODELS

from .video_resnet3d import VideoResNet3d


class FactorisedBottleneck3d(Bottleneck3d):
    """1x1x1, 3x1x1, 1x3x3, 1x1x1: time and space one after the other.

    A norm and a ReLU follow each of the first three; the stride in time is
    at the 3x1x1, the stride in space at the 1x3x3. A block that is not
    inflated is MMAction2's without kernels in time.

    Args:
        args: Of ``Bottleneck3d``.
        inflate: Whether there is a convolution along time.
        kwargs: Of ``Bottleneck3d``.
    """

    def __init__(
        self, *args: Any, inflate: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, inflate=False, **kwargs)
        if not inflate:
            return
        space, time = self.spatial_stride, self.temporal_stride
        common: dict[str, Any] = dict(
            bias=False,
            conv_cfg=self.conv_cfg,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )
        self.conv2 = nn.Sequential(
            ConvModule(
                self.planes,
                self.planes,
                (3, 1, 1),
                stride=(time, 1, 1),
                padding=(1, 0, 0),
                **common,
            ),
            ConvModule(
                self.planes,
                self.planes,
                (1, 3, 3),
                stride=(1, space, space),
                padding=(0, 1, 1),
                **common,
            ),
        )


@MODELS.register_module()
class FactorisedResNet3d(VideoResNet3d):
    """``VideoResNet3d`` whose inflated blocks factorise time and space.

    With depth 101 and ``inflate=(0, 0, 1, 1)`` it is the R(2+1)D-101 of HCML,
    49,396,288 parameters: no kernel in time in res2 and res3. MMAction2's
    ``ResNet2Plus1d`` is another network, of basic blocks with convolutions
    widened between space and time.

    Args:
        args: Of ``VideoResNet3d``; ``depth`` 50, 101 or 152.
        kwargs: Of ``VideoResNet3d``.
    """

    arch_settings = {
        depth: (FactorisedBottleneck3d, blocks)
        for depth, (block, blocks) in VideoResNet3d.arch_settings.items()
        if block is Bottleneck3d
    }

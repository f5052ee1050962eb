"""MMAction2's 3D ResNets, loaded strictly and freezable.

Configs make the networks of the papers of it: R3D-50 of CVRL, which CORP
trains, and C2D-50 and I3D-50 of CORP's Table 5.
"""

from __future__ import annotations

from typing import Any

from mmaction.models import ResNet3d

from vsslcodebase.registry import MODELS

from .inflate import inflate_2d
from .pretrained import (
    PretrainedBackbone,
    load_backbone,
    load_strictly,
    prefixes_of,
    read_state_dict,
)


@MODELS.register_module()
class VideoResNet3d(PretrainedBackbone, ResNet3d):
    """``ResNet3d`` of MMAction2 with strict loading and ``frozen``.

    Args:
        frozen: See ``PretrainedBackbone``.
        memory_format: See ``PretrainedBackbone``.
        init_cfg: See ``PretrainedBackbone``.
        pretrained: File of a 2D ResNet when ``pretrained2d`` (ImageNet
            weights, inflated), else one of this backbone alone. It must fit
            entirely, unlike in MMAction2; ``init_cfg`` is for our own
            checkpoints and excludes it.
        args: Arguments of ``ResNet3d``.
        kwargs: Arguments of ``ResNet3d``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.pretrained and self.pretrained_cfg:
            raise ValueError(
                f'two files for one backbone: pretrained={self.pretrained!r} '
                f'and init_cfg={self.pretrained_cfg}; give one of them'
            )

    def init_weights(self) -> None:
        """Load or inflate the given file, else initialise at random."""
        if not self.pretrained:
            super().init_weights()
        elif self.pretrained2d:
            state = read_state_dict(self.pretrained)
            load_strictly(
                self,
                inflate_2d(state, self),
                f'{self.pretrained} (2D, inflated)',
                prefixes_of(state),
            )
        else:
            load_backbone(self, self.pretrained)
        self.is_init = True

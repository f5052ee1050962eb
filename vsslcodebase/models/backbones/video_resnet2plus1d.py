"""MMAction2's R(2+1)D of basic blocks, loaded strictly and freezable."""

from __future__ import annotations

from mmaction.models import ResNet2Plus1d

from vsslcodebase.registry import MODELS

from .video_resnet3d import VideoResNet3d


@MODELS.register_module()
class VideoResNet2Plus1d(VideoResNet3d, ResNet2Plus1d):
    """``ResNet2Plus1d`` of MMAction2 with strict loading and ``frozen``.

    Takes the arguments of ``VideoResNet3d``, with ``pretrained2d=False`` and
    ``conv_cfg=dict(type='Conv2plus1d')``. Its networks are wider between
    space and time than ``FactorisedResNet3d`` and other than torchvision's,
    which ``PlainResNet3d`` makes.
    """

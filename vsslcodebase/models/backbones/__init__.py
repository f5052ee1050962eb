"""Backbones: from clips to feature maps."""

from .plain_resnet3d import PlainResNet3d
from .small_r3d import SmallR3D
from .video_resnet3d import VideoResNet3d

__all__ = ['PlainResNet3d', 'SmallR3D', 'VideoResNet3d']

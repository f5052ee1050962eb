"""Backbones: from clips to feature maps."""

from .small_r3d import SmallR3D
from .video_resnet3d import VideoResNet3d

__all__ = ['SmallR3D', 'VideoResNet3d']

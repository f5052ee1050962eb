"""Backbones: from clips to feature maps."""

from .c3d_bn import C3DBN
from .factorised_resnet3d import FactorisedResNet3d
from .motion_resnet3d import MotionResNet3d
from .plain_resnet3d import PlainResNet3d
from .s3dg import S3DG
from .same_padded_resnet3d import SamePaddedResNet3d
from .small_r3d import SmallR3D
from .video_resnet2plus1d import VideoResNet2Plus1d
from .video_resnet3d import VideoResNet3d

__all__ = [
    'C3DBN',
    'FactorisedResNet3d',
    'MotionResNet3d',
    'S3DG',
    'PlainResNet3d',
    'SamePaddedResNet3d',
    'SmallR3D',
    'VideoResNet2Plus1d',
    'VideoResNet3d',
]

"""Models: trunks, backbones, necks, heads, losses and layers."""

from .backbones import SmallR3D, VideoResNet3d
from .data_preprocessor import ClipDataPreprocessor
from .feature_trunk import FeatureTrunk
from .heads import ContrastiveHead, CORPFHead, CORPMHead, LinearClsHead
from .layers import DecouplingAttention, MixedAttention
from .necks import ProjectionNeck
from .selfsup import VideoSelfSupervisor

__all__ = [
    'CORPFHead',
    'CORPMHead',
    'ClipDataPreprocessor',
    'ContrastiveHead',
    'DecouplingAttention',
    'FeatureTrunk',
    'LinearClsHead',
    'MixedAttention',
    'ProjectionNeck',
    'SmallR3D',
    'VideoResNet3d',
    'VideoSelfSupervisor',
]

"""Models: trunks, backbones, necks, heads, losses and layers."""

from .backbones import (
    C3DBN,
    S3DG,
    FactorisedResNet3d,
    MotionResNet3d,
    PlainResNet3d,
    SmallR3D,
    VideoResNet3d,
)
from .data_preprocessor import ClipDataPreprocessor
from .feature_trunk import FeatureTrunk
from .heads import (
    ContrastiveHead,
    CORPFHead,
    CORPMHead,
    LinearClsHead,
    MotionHierarchyHead,
    PaceHead,
)
from .layers import DecouplingAttention, MixedAttention, PrimeMotionBlock
from .necks import PoolNeck, ProjectionNeck, TimeNavigationNeck
from .recognizers import MotionRecognizer
from .selfsup import (
    BYOL,
    MoCo,
    MotionPretrainer,
    SwAV,
    VideoSelfSupervisor,
)

__all__ = [
    'BYOL',
    'C3DBN',
    'CORPFHead',
    'CORPMHead',
    'ClipDataPreprocessor',
    'ContrastiveHead',
    'DecouplingAttention',
    'FactorisedResNet3d',
    'FeatureTrunk',
    'LinearClsHead',
    'MixedAttention',
    'MoCo',
    'MotionHierarchyHead',
    'MotionPretrainer',
    'MotionRecognizer',
    'PaceHead',
    'MotionResNet3d',
    'PlainResNet3d',
    'PoolNeck',
    'PrimeMotionBlock',
    'ProjectionNeck',
    'S3DG',
    'SmallR3D',
    'SwAV',
    'TimeNavigationNeck',
    'VideoResNet3d',
    'VideoSelfSupervisor',
]

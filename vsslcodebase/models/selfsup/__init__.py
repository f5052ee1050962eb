"""Trunks: who owns which encoder."""

from .byol import BYOL
from .clip_times import embed, read_times
from .clip_trunk import ClipTrunk, check_several_clips
from .feature_queue import FeatureQueue
from .moco import MoCo
from .momentum_encoder import MomentumEncoder
from .momentum_update import momentum_update
from .motion_pretrainer import MotionPretrainer
from .swav import SwAV
from .video_self_supervisor import VideoSelfSupervisor

__all__ = [
    'BYOL',
    'ClipTrunk',
    'FeatureQueue',
    'MoCo',
    'MomentumEncoder',
    'MotionPretrainer',
    'SwAV',
    'VideoSelfSupervisor',
    'check_several_clips',
    'embed',
    'momentum_update',
    'read_times',
]

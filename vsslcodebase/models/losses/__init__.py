"""Losses: pure functions of tensors that compute in float32."""

from .byol import byol_loss
from .corp import (
    PairTargets,
    corp_contrast_loss,
    corp_contrast_targets,
    corp_f_loss,
    corp_m_loss,
    corp_m_targets,
    corp_order_loss,
    corp_order_targets,
)
from .corp_accuracy import (
    corp_contrast_accuracy,
    corp_m_accuracy,
    corp_order_accuracy,
    video_pair_counts,
)
from .info_nce import (
    info_nce_accuracy,
    info_nce_loss,
    joint_info_nce_loss,
)
from .motion_contrast import motion_contrast, motion_contrast_loss
from .nt_xent import nt_xent_loss
from .pace import pace_same_context_loss, pace_same_pace_loss
from .photometric import (
    check_photo_norm,
    flow_smoothness_loss,
    photometric_loss,
    stays_inside,
    warp,
)
from .swav import sinkhorn_codes, swav_loss

__all__ = [
    'PairTargets',
    'corp_m_loss',
    'corp_order_loss',
    'corp_contrast_loss',
    'corp_m_targets',
    'corp_order_targets',
    'corp_contrast_targets',
    'corp_m_accuracy',
    'corp_order_accuracy',
    'corp_contrast_accuracy',
    'video_pair_counts',
    'corp_f_loss',
    'nt_xent_loss',
    'info_nce_loss',
    'joint_info_nce_loss',
    'info_nce_accuracy',
    'byol_loss',
    'sinkhorn_codes',
    'swav_loss',
    'pace_same_context_loss',
    'pace_same_pace_loss',
    'motion_contrast',
    'motion_contrast_loss',
    'photometric_loss',
    'flow_smoothness_loss',
    'stays_inside',
    'check_photo_norm',
    'warp',
]

"""Heads: losses and predictions from embeddings or feature maps."""

from .contrastive_head import ContrastiveHead
from .corp_f_head import CORPFHead
from .corp_m_head import CORPMHead
from .linear_cls_head import LinearClsHead
from .motion_hierarchy_head import MotionHierarchyHead
from .pace_head import PaceHead

__all__ = [
    'CORPFHead',
    'CORPMHead',
    'ContrastiveHead',
    'LinearClsHead',
    'MotionHierarchyHead',
    'PaceHead',
]

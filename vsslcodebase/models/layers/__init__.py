"""Layers: relations between clips and the pieces of other necks and heads."""

from .cost_volume import cost_volume
from .decoupling_attention import DecouplingAttention
from .flow_estimator import FlowEstimator
from .mixed_attention import MixedAttention
from .motion_positions import draw_positions, gather_positions
from .motion_predictor import MotionPredictor
from .orthonormal_basis import orthonormal_basis
from .pair_logits import broadcast_pair_logits, pairwise_logits
from .prime_motion_block import PrimeMotionBlock
from .time_encoder import TimeEncoder

__all__ = [
    'DecouplingAttention',
    'FlowEstimator',
    'MixedAttention',
    'MotionPredictor',
    'broadcast_pair_logits',
    'pairwise_logits',
    'cost_volume',
    'draw_positions',
    'gather_positions',
    'orthonormal_basis',
    'PrimeMotionBlock',
    'TimeEncoder',
]

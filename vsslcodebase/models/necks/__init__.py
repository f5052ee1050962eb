"""Necks: from feature maps to embeddings."""

from .pool_neck import PoolNeck
from .projection_neck import ProjectionNeck

__all__ = ['PoolNeck', 'ProjectionNeck']

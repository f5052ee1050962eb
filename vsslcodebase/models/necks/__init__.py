"""Necks: from feature maps to embeddings."""

from .pool_neck import PoolNeck
from .projection_neck import ProjectionNeck
from .time_navigation_neck import TimeNavigationNeck

__all__ = ['PoolNeck', 'ProjectionNeck', 'TimeNavigationNeck']

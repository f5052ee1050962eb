"""Necks: from feature maps to embeddings."""

from .projection_neck import ProjectionNeck

__all__ = ['ProjectionNeck']

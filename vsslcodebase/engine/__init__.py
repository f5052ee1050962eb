"""Engine: what runs the training."""

from .lars import LARS

__all__ = ['LARS']

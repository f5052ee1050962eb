"""Trunks: who owns which encoder."""

from .momentum_update import momentum_update
from .video_self_supervisor import VideoSelfSupervisor

__all__ = ['VideoSelfSupervisor', 'momentum_update']

"""Trunks: who owns which encoder."""

from .video_self_supervisor import VideoSelfSupervisor

__all__ = ['VideoSelfSupervisor']

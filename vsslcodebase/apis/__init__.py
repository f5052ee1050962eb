"""What other programs call."""

from .video_feature_inferencer import VideoFeatureInferencer

__all__ = ['VideoFeatureInferencer']

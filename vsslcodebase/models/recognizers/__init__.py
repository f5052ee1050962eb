"""Recognizers: MMAction2's, with more to learn from than labels."""

from .motion_recognizer import MotionRecognizer

__all__ = ['MotionRecognizer']

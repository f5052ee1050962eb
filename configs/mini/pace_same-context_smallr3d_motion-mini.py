"""Pace Prediction with the contrast of same context, on motion-mini.

The two clips of a video, whatever their paces, find each other among 64.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py
    configs/mini/pace_same-context_smallr3d_motion-mini.py
"""
_base_ = './pace_smallr3d_motion-mini.py'

model = dict(
    head=dict(
        contrast='same-context', contrast_channels=64, contrast_weight=0.1))

"""Pace Prediction, Sections 3.1 and 4.1: window, flip, colours per frame.

Window and flip are drawn once for a clip, the jitter for each of its frames
(``per='frame'``), so that colours tell nothing about what moves. One draw
for all frames: ``per='clip'``; no jitter: ``prob=0``.
"""
_base_ = './stretched_112.py'

train_augment = [
    *_base_.train_augment,
    # strengths and probability of the authors' code
    dict(
        type='ClipColorJitter',
        prob=0.8,
        brightness=0.8,
        contrast=0.8,
        saturation=0.8,
        hue=0.2,
        per='frame'),
]

"""Frames stretched to 128x171, windows of 112x112: C3D's, and of many since.

Training with labels: a random window and a flip, one draw per clip.
Validation and test: the window in the middle.
"""
train_augment = [
    dict(type='ClipResizedRandomCrop', scale=(128, 171), size=112),
    dict(type='ClipFlip', prob=0.5),
]

val_augment = [
    dict(type='Resize', scale=(171, 128), keep_ratio=False),  # width, height
    dict(type='CenterCrop', crop_size=112),
]

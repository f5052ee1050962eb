"""Training with labels: pre-training's operations less jitter and blur.

CORP section 4.1 names exactly these two as removed, so the greyscale stays.
Validation: centre crop; test: three crops of 256x256, as in CVRL.
"""
train_augment = [
    dict(
        type='ClipRandomResizedCrop',
        size=224,
        area_range=(0.3, 1.0),
        aspect_range=(0.5, 2.0)),
    dict(type='ClipFlip', prob=0.5),
    dict(type='ClipGrayscale', prob=0.2),
]

val_augment = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=256),
]

test_augment = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='ThreeCrop', crop_size=256),
]

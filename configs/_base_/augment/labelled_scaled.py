"""Training with labels in Feichtenhofer et al. (2021): scale, window, flip.

The short side is drawn from 256 to 320 pixels, the window has 224. Test:
three crops of 256x256.
"""
train_augment = [
    dict(type='RandomRescale', scale_range=(256, 320)),
    dict(type='RandomCrop', size=224),
    dict(type='ClipFlip', prob=0.5),
]

val_augment = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=256),
]

test_augment = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='ThreeCrop', crop_size=256),
]

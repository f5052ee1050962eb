"""``pace.py`` for S3D-G: 256x256, windows of 224x224."""
_base_ = './stretched_224.py'

train_augment = [
    *_base_.train_augment,
    dict(
        type='ClipColorJitter',
        prob=0.8,
        brightness=0.8,
        contrast=0.8,
        saturation=0.8,
        hue=0.2,
        per='frame'),
]

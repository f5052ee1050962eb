"""``stretched_112.py`` for S3D-G: 256x256, windows of 224x224."""
train_augment = [
    dict(type='ClipResizedRandomCrop', scale=(256, 256), size=224),
    dict(type='ClipFlip', prob=0.5),
]

val_augment = [
    dict(type='Resize', scale=(256, 256), keep_ratio=False),
    dict(type='CenterCrop', crop_size=224),
]

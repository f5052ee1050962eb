"""``labelled_32x1_ssv2.py`` with the scales of HCML's R(2+1)D, 256 to 340."""
_base_ = './labelled_32x1_ssv2.py'

train_augment = [
    dict(type='ClipScaledRandomCrop', scale_range=(256, 340), size=224),
    _base_.flip,
]

train_pipeline = [
    *_base_.train_pipeline[:3],
    dict(type='PerClip', transforms=train_augment),
    dict(type='PackClips'),
]

pretrain_pipeline = [
    *_base_.pretrain_pipeline[:3],
    dict(type='FastClips', transforms=train_augment),
    dict(type='PackClips'),
]

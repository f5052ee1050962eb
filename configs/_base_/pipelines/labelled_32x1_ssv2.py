"""``labelled_32x1.py`` for Something-Something V2, with the scales of R2D."""
_base_ = ['./labelled_32x1.py', '../augment/flip_ssv2.py']

train_augment = [_base_.train_augment[0], _base_.flip]

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

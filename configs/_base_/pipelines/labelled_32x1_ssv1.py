"""HCML on Something-Something V1: 32 frames in a row; 9 views to test.

The paper has 9 clips; that they are 3 clips x 3 crops is ours. The scales are
R2D's. Its videos have classes with sides, see flip_ssv1.py.
"""
_base_ = ['../augment/scaled_320.py', '../augment/flip_ssv1.py']

train_augment = [_base_.train_augment[0], _base_.flip]

train_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleRandomClips',
        clip_len=32,
        frame_interval=1,
        num_clips=1),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=train_augment),
    dict(type='PackClips'),
]

# without labels: the same clips by the fast path
pretrain_pipeline = [
    *train_pipeline[:2],
    dict(type='DecodeOnDemand'),
    dict(type='FastClips', transforms=train_augment),
    dict(type='PackClips'),
]

val_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleUniformClips',
        clip_len=32,
        frame_interval=1,
        num_clips=1),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.val_augment),
    dict(type='PackClips'),
]

# 3 clips x 3 crops, softmax averaged
test_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleUniformClips',
        clip_len=32,
        frame_interval=1,
        num_clips=3),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.test_augment),
    dict(type='PackClips'),
]

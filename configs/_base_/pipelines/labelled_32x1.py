"""HCML on Something-Something: 32 frames in a row; 9 views to test.

The paper has 9 clips; that they are 3 clips x 3 crops is ours. For training,
the files of its versions add which classes a flip exchanges.
"""
_base_ = '../augment/scaled_320.py'

train_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleRandomClips',
        clip_len=32,
        frame_interval=1,
        num_clips=1),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.train_augment),
    dict(type='PackClips'),
]

# without labels: the same clips by the fast path
pretrain_pipeline = [
    *train_pipeline[:2],
    dict(type='DecodeOnDemand'),
    dict(type='FastClips', transforms=_base_.train_augment),
    dict(type='PackClips'),
]

val_pipeline = [
    train_pipeline[0],
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
    train_pipeline[0],
    dict(
        type='SampleUniformClips',
        clip_len=32,
        frame_interval=1,
        num_clips=3),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.test_augment),
    dict(type='PackClips'),
]

"""HCML's R(2+1)D: 32 frames, every second; 30 views to test.

The paper gives their number; that every second one is taken is ours, as for
R2D.
"""
_base_ = '../augment/scaled_340.py'

train_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleRandomClips',
        clip_len=32,
        frame_interval=2,
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
        frame_interval=2,
        num_clips=1),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.val_augment),
    dict(type='PackClips'),
]

# 10 clips x 3 crops, softmax averaged
test_pipeline = [
    train_pipeline[0],
    dict(
        type='SampleUniformClips',
        clip_len=32,
        frame_interval=2,
        num_clips=10),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.test_augment),
    dict(type='PackClips'),
]

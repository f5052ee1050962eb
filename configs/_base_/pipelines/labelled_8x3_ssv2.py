"""``labelled_8x8.py`` for Something-Something V2: 8 frames, every third.

Its videos have 12 frames a second, so that a clip spans two seconds there as
64 frames do at 30; and its classes have sides.
"""
_base_ = '../augment/labelled_scaled_ssv2.py'

train_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleSeparatedClips',
        clip_len=8,
        frame_interval=3,
        num_clips=1,
        out_of_bound_opt='loop'),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.train_augment),
    dict(type='PackClips'),
]

val_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleUniformClips',
        clip_len=8,
        frame_interval=3,
        num_clips=1),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.val_augment),
    dict(type='PackClips'),
]

# 10 clips x 3 crops, softmax averaged
test_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleUniformClips',
        clip_len=8,
        frame_interval=3,
        num_clips=10),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.test_augment),
    dict(type='PackClips'),
]

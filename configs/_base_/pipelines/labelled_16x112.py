"""To classify 16 neighbouring frames of 112x112, ten views to test."""
_base_ = ['../augment/stretched_112.py']

train_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleSeparatedClips',
        clip_len=16,
        frame_interval=1,
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
        clip_len=16,
        frame_interval=1,
        num_clips=1),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.val_augment),
    dict(type='PackClips'),
]

# 10 clips x centre crop, softmax averaged
test_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleUniformClips',
        clip_len=16,
        frame_interval=1,
        num_clips=10),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.val_augment),
    dict(type='PackClips'),
]

"""Kinetics-400 with labels: 32 of 64 frames, 30 views to test."""
_base_ = ['./k400.py', '../augment/labelled.py']

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleSeparatedClips',
                clip_len=32,
                frame_interval=2,
                num_clips=1,
                out_of_bound_opt='loop'),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]))

val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleUniformClips',
                clip_len=32,
                frame_interval=2,
                num_clips=1),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))

# 10 clips x 3 crops, softmax averaged
test_dataloader = dict(
    batch_size=1,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleUniformClips',
                clip_len=32,
                frame_interval=2,
                num_clips=10),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.test_augment),
            dict(type='PackClips'),
        ]))

"""Four clips of 8 frames, 64/30 s long, anywhere in the video.

rho = 4 of Feichtenhofer et al. (2021), P = 4 of LTN: starts are independent
of each other, and clips may overlap.
"""
_base_ = '../augment/slowfast.py'

train_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleIndependentClips',
        clip_len=8,
        frame_interval=8,
        target_fps=30,
        num_clips=4),
    dict(type='DecodeOnDemand'),
    dict(type='FastClips', transforms=_base_.train_augment),
    dict(type='PackClips'),
]

# contrast and spread are watched on videos that are not trained on
val_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleIndependentClips',
        clip_len=8,
        frame_interval=8,
        target_fps=30,
        num_clips=4),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.val_augment),
    dict(type='PackClips'),
]

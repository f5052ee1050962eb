"""2 independent clips a video for motion-mini, with their times."""
_base_ = './motion_mini.py'

train_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleIndependentClips',
        clip_len=8,
        frame_interval=2,
        num_clips=2,
        target_fps=None),
    dict(type='DecodeOnDemand'),
    dict(type='FastClips', transforms=_base_.train_augment),
    dict(type='PackClips'),
]

val_pipeline = [
    dict(type='OpenVideo', backend='pyav'),
    dict(
        type='SampleIndependentClips',
        clip_len=8,
        frame_interval=2,
        num_clips=2,
        target_fps=None),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=_base_.val_augment),
    dict(type='PackClips'),
]

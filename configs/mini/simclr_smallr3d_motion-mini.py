"""SimCLR (CVRL's clips) with a small network on motion-mini, for a CPU.

Batch: 32 videos x 2 clips = 64 clips of 8x32x32 a step; as many clips and
    steps as CORP_m's 16 videos x 4 clips, so twice as many videos.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/simclr_smallr3d_motion-mini.py
"""
_base_ = [
    './_base_/small_r3d.py',
    './_base_/motion_mini.py',
    '../_base_/methods/simclr.py',
    './_base_/short_run.py',
]

model = dict(backbone=_base_.backbone, neck=_base_.neck)

train_dataloader = dict(
    batch_size=32,
    sampler=dict(parts=2),  # 128 steps an epoch, as the others
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleDecayingClips',
                clip_len=8,
                frame_interval=2,
                num_clips=2),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]))

val_dataloader = dict(
    batch_size=32,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleDecayingClips',
                clip_len=8,
                frame_interval=2,
                num_clips=2),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=32)

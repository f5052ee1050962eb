"""Pace Prediction with a small network on motion-mini, for a CPU.

Batch: 32 videos x 2 clips = 64 clips of 8x32x32 a step, paces 1 to 4; 8
    epochs of 128 steps see each of 8,192 videos four times.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/pace_smallr3d_motion-mini.py
"""
_base_ = [
    './_base_/small_r3d.py',
    './_base_/motion_mini.py',
    './_base_/short_run.py',
]

model = dict(
    type='VideoSelfSupervisor',
    backbone=_base_.backbone,
    neck=dict(type='PoolNeck'),
    head=dict(type='PaceHead', in_channels=128, num_paces=4))

train_dataloader = dict(
    batch_size=32,
    sampler=dict(parts=2),  # 128 steps an epoch, as the others
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=8,
                paces=(1, 2, 3, 4),
                num_clips=2),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]))

# the pace is asked of videos that are not trained on; as a control,
# test_dataloader.dataset.pipeline.3.transforms.1.order=shuffled
val_dataloader = dict(
    batch_size=32,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=8,
                paces=(1, 2, 3, 4),
                num_clips=4),
            dict(type='DecodeClips'),
            dict(
                type='PerClip',
                transforms=[
                    *_base_.val_augment,
                    dict(type='ClipFrameOrder', order='played'),
                ]),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader

val_evaluator = dict(type='PaceMetric')
test_evaluator = val_evaluator

auto_scale_lr = dict(base_batch_size=32)

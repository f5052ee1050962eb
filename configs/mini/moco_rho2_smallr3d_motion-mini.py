"""MoCo, two clips a video, with a small network on motion-mini, for a CPU.

Batch: 32 videos x 2 clips = 64 clips of 8x32x32 a step.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/moco_rho2_smallr3d_motion-mini.py
"""
_base_ = [
    './_base_/small_r3d.py',
    './_base_/rho2.py',
    '../_base_/methods/moco.py',
    './_base_/short_run.py',
]

model = dict(
    backbone=_base_.backbone,
    data_preprocessor=_base_.data_preprocessor,
    neck=dict(_delete_=True, type='ProjectionNeck', **_base_.neck),
    in_channels=64,
    queue_size=2048,  # the keys of 32 steps
    momentum=0.99,  # of a run of a thousand steps
    sequential=False,
    bn_groups=4)  # four GPUs in one, so that shuffling means something

train_dataloader = dict(
    batch_size=32,
    sampler=dict(parts=2),  # 128 steps an epoch, as the others
    dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=32, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=32)

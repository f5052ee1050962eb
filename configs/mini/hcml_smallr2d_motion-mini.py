"""HCML without labels, level after level, a small network on motion-mini.

Batch: 32 videos x 1 clip of 8x32x32 a step; every fourth frame, as objects
    that move less than a pixel between two frames teach no flow.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train_stages.py configs/mini/hcml_smallr2d_motion-mini.py
"""
_base_ = [
    './_base_/small_r2d.py',
    './_base_/motion_mini.py',
    './_base_/short_run.py',
]

model = dict(
    type='MotionPretrainer',
    backbone=_base_.motion_backbone,
    motion_head=_base_.motion_head,
    data_preprocessor=_base_.data_preprocessor,
    level=0)

# no colour changes: brightness tells what went where
train_dataloader = dict(
    batch_size=32,
    sampler=dict(parts=2),  # 128 steps an epoch, as the others
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleSeparatedClips',
                clip_len=8,
                frame_interval=4,
                num_clips=1),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment[:1]),
            dict(type='PackClips'),
        ]))

val_dataloader = dict(
    batch_size=32,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleUniformClips',
                clip_len=8,
                frame_interval=4,
                num_clips=1),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader

val_evaluator = dict(type='MotionMetric')
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=2, val_interval=1)

stages = [
    dict(name='level0', options={'model.level': 0}),
    dict(name='level1', options={'model.level': 1}),
    dict(name='level2', options={'model.level': 2}),
]

auto_scale_lr = dict(base_batch_size=32)

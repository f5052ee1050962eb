"""A small 2D network learns the motions of motion-mini from labels.

Which of 8 motions; the two of a pair are each other's reversal.
512 labelled videos; ``train_dataloader.dataset.num_videos`` takes more or less.
Batch: 32 videos x 1 clip of 8x32x32 a step.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/supervised_smallr2d_motion-mini.py
"""
_base_ = [
    './_base_/small_r2d.py',
    './_base_/motion_mini.py',
    './_base_/short_run.py',
]

model = dict(
    type='Recognizer3D',
    backbone=_base_.backbone,
    cls_head=dict(
        type='LinearClsHead',
        in_channels=128,
        num_classes=8,
        feature_norm='none',
        dropout_ratio=0.2),
    data_preprocessor=_base_.data_preprocessor,
    test_cfg=dict(max_testing_views=None))  # views fit in memory

train_dataloader = dict(
    batch_size=32,
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True),
    dataset=dict(
        num_videos=512,
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleSeparatedClips',
                clip_len=8,
                frame_interval=4,
                num_clips=1),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.train_augment[:1]),
            dict(type='PackClips'),
        ]))

val_dataloader = dict(
    batch_size=64,
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

test_dataloader = dict(
    batch_size=32,
    dataset=dict(
        ann_file='data/motion_mini_demo/test_motion.txt',
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleUniformClips',
                clip_len=8,
                frame_interval=4,
                num_clips=4),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))

val_evaluator = dict(type='AccMetric', metric_list=('top_k_accuracy', ))
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=20, val_interval=10)
auto_scale_lr = dict(base_batch_size=32)

"""Linear evaluation of a small network on motion-mini.

Which of the 8 motions, from 4 clips of a video; the two videos of a pair are
each other's reversal. For the other labels name their lists and classes:
``train_dataloader.dataset.ann_file=data/motion_mini_demo/train_scene.txt``,
the same for validation and test.

Batch: 64 videos x 1 clip of 8x32x32 a step.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/linear_smallr3d_motion-mini.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    './_base_/small_r3d.py',
    './_base_/motion_mini.py',
    '../_base_/methods/linear.py',
    './_base_/short_run.py',
]

model = dict(
    backbone=_base_.backbone,
    cls_head=dict(in_channels=128, num_classes=8),
    test_cfg=dict(max_testing_views=None))  # views fit in memory

# no colour changes: the classifier sees what the test shows
train_dataloader = dict(
    batch_size=64,
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True),
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleSeparatedClips',
                clip_len=8,
                frame_interval=2,
                num_clips=1),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
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
                frame_interval=2,
                num_clips=1),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))

# the demonstration reads its features from these clips, too
test_dataloader = dict(
    batch_size=32,
    dataset=dict(
        ann_file='data/motion_mini_demo/test_motion.txt',
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleUniformClips',
                clip_len=8,
                frame_interval=2,
                num_clips=4),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))

optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='SGD', lr=0.1, momentum=0.9, weight_decay=0))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup_ratio=0, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=10, val_interval=5)
auto_scale_lr = dict(base_batch_size=64)

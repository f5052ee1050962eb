"""CORP_m with a small network on motion-mini, for a CPU.

Batch: 16 videos x 4 clips = 64 clips of 8x32x32 a step; 8 epochs of 128
    steps see each of 8,192 videos twice.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/corp_m_smallr3d_motion-mini.py
"""
_base_ = [
    './_base_/small_r3d.py',
    './_base_/motion_mini.py',
    '../_base_/methods/corp_m.py',
    './_base_/short_run.py',
]

model = dict(
    backbone=_base_.backbone,
    neck=_base_.neck,
    head=dict(
        in_channels=64,
        relation=dict(num_symmetric=32, num_antisymmetric=32),
        hidden_channels=64))

train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleSeparatedClips',
                clip_len=8,
                frame_interval=2,
                num_clips=4),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]))

# order and spread are watched on videos that are not trained on
val_dataloader = dict(
    batch_size=16,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleSeparatedClips',
                clip_len=8,
                frame_interval=2,
                num_clips=4),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=16)

"""Pace and same-context contrast with a layer, R(2+1)D-10, Kinetics-400.

Paper: Pace Prediction, Table 3. An epoch goes once through the videos.
Batch: 1 GPU x 30 videos x 2 clips = 30 videos, 60 clips of 16x112x112 a
    step. Memory not measured here.
Number: 77.1 % (fine-tuning on UCF101), 36.6 % (HMDB51). Ours: not run.
Run: python tools/train.py
    configs/pace/pace_same-context-fc_r2plus1d10_k400.py
"""
_base_ = [
    '../_base_/backbones/r2plus1d10.py',
    '../_base_/datasets/k400.py',
    '../_base_/augment/pace.py',
    '../_base_/methods/pace.py',
    '../_base_/schedules/sgd_step_18e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=_base_.backbone,
    head=dict(contrast='same-context', contrast_channels=8))

train_dataloader = dict(
    batch_size=30,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=16,
                paces=(1, 2, 3, 4),
                num_clips=2),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]))

# pace is asked of videos that are not trained on, too
val_dataloader = dict(
    batch_size=30,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=16,
                paces=(1, 2, 3, 4),
                num_clips=1),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=30)  # 1 GPU x 30 videos

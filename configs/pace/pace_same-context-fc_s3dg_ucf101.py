"""Pace and same-context contrast with a layer, S3D-G, UCF101.

Paper: Pace Prediction, Table 3, last row. Which of Table 2's losses it has is
    not said; those of the R(2+1)D above it are taken.
Batch: 4 GPUs x 8 videos x 2 clips = 32 videos, 64 clips of 64x224x224 a
    step. Memory not measured here.
Number: 87.1 % (fine-tuning on UCF101), 52.6 % (HMDB51). Ours: not run.
Run: tools/dist_train.sh
    configs/pace/pace_same-context-fc_s3dg_ucf101.py 4
"""
_base_ = [
    '../_base_/backbones/s3dg.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/augment/pace_224.py',
    '../_base_/methods/pace.py',
    '../_base_/schedules/sgd_step_18e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=_base_.backbone,
    head=dict(
        in_channels=1024, contrast='same-context', contrast_channels=8))

train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        num_repeats=10,
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=64,
                paces=(1, 2, 3, 4),
                num_clips=2),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]))

# pace is asked of videos that are not trained on, too
val_dataloader = dict(
    batch_size=8,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=64,
                paces=(1, 2, 3, 4),
                num_clips=1),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=32)  # 4 GPUs x 8 videos

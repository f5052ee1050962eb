"""Pace and same-context contrast, R(2+1)D-10, UCF101.

Paper: Pace Prediction, Table 2, fifth row.
Batch: 1 GPU x 30 videos x 2 clips = 30 videos, 60 clips of 16x112x112 a
    step. Memory not measured here.
Number: 75.8 % (fine-tuning on UCF101), 35.0 % (HMDB51). Ours: not run.
Run: python tools/train.py
    configs/pace/pace_same-context_r2plus1d10_ucf101.py
"""
_base_ = './pace_r2plus1d10_ucf101.py'

model = dict(head=dict(contrast='same-context'))

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

"""rho-BYOL, four clips a video, with a small network on motion-mini, for a CPU.

Batch: 16 videos x 4 clips = 64 clips of 8x32x32 a step.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/byol_rho4_smallr3d_motion-mini.py
"""
_base_ = [
    './_base_/small_r3d.py',
    './_base_/rho4.py',
    '../_base_/methods/byol.py',
    './_base_/short_run.py',
]

# a BatchNorm at the end of the neck, as in the other small ones, keeps BYOL
# from learning
model = dict(
    backbone=_base_.backbone,
    data_preprocessor=_base_.data_preprocessor,
    neck=dict(
        _delete_=True,
        type='ProjectionNeck',
        **dict(_base_.neck, last_bn=False)),
    predictor=dict(
        _delete_=True,
        type='ProjectionNeck',
        in_channels=64,
        hidden_channels=256,
        out_channels=64,
        num_hidden=1,
        norm_cfg=dict(type='BN1d')),
    momentum=0.99,  # of a run of a thousand steps
    sequential=False)

train_dataloader = dict(
    batch_size=16,
    sampler=dict(parts=4),  # 128 steps an epoch, as the others
    dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=16, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=16)

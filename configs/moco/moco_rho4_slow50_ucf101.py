"""MoCo, rho = 4, Slow-only R-50, UCF101, 200 epochs.

Paper: none; the recipe of Feichtenhofer et al. (2021), one node.
Batch: 8 GPUs x 8 videos x 4 clips = 64 videos, 256 clips of 8x224x224 a step.
    Memory not measured here.
Number: none. Ours: not run.
Run: tools/dist_train.sh configs/moco/moco_rho4_slow50_ucf101.py 8
"""
_base_ = [
    '../_base_/backbones/slow50.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/pipelines/rho4.py',
    '../_base_/methods/moco.py',
    '../_base_/schedules/sgd_nesterov.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(_base_.backbone, norm_cfg=dict(type='BN3d')))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=0.1))  # 0.1 x 64 / 64
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

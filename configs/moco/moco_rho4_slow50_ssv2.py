"""MoCo, rho = 4, Slow-only R-50, Something-Something V2, 200 epochs.

Paper: none; the recipe of Feichtenhofer et al. (2021).
Batch: 64 GPUs x 8 videos x 4 clips = 512 videos, 2048 clips of 8x224x224 a
    step. Memory not measured here.
Number: none. Ours: not run.
Run: GPUS=64 tools/slurm_train.sh PARTITION moco
    configs/moco/moco_rho4_slow50_ssv2.py
"""
_base_ = [
    '../_base_/backbones/slow50.py',
    '../_base_/datasets/ssv2.py',
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

optim_wrapper = dict(optimizer=dict(lr=0.8))  # 0.1 x 512 / 64
auto_scale_lr = dict(base_batch_size=512)  # 64 GPUs x 8 videos

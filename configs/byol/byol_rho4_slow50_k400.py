"""BYOL, rho = 4, Slow-only R-50, Kinetics-400, 200 epochs.

Paper: LTN, Tables 6 and 7, "rho-BYOL"; recipe of Feichtenhofer et al. (2021).
Batch: 64 GPUs x 8 videos x 4 clips = 512 videos, 2048 clips of 8x224x224 a
    step. Memory not measured here.
Number: 70.0 % (linear evaluation). Ours: not run.
Run: GPUS=64 tools/slurm_train.sh PARTITION byol
    configs/byol/byol_rho4_slow50_k400.py
"""
_base_ = [
    '../_base_/backbones/slow50.py',
    '../_base_/datasets/k400.py',
    '../_base_/pipelines/rho4.py',
    '../_base_/methods/byol.py',
    '../_base_/schedules/lars_nesterov.py',
    '../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone)

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=9.6))  # 1.2 x 512 / 64
auto_scale_lr = dict(base_batch_size=512)  # 64 GPUs x 8 videos

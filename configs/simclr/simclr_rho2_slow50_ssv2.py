"""SimCLR, rho = 2, Slow-only R-50, Something-Something V2, 200 epochs.

Paper: none; the recipe of Feichtenhofer et al. (2021).
Batch: 64 GPUs x 8 videos x 2 clips = 512 videos, 1024 clips of 8x224x224 a
    step. Memory not measured here.
Number: none. Ours: not run.
Run: GPUS=64 tools/slurm_train.sh PARTITION simclr
    configs/simclr/simclr_rho2_slow50_ssv2.py
"""
_base_ = [
    '../_base_/backbones/slow50.py',
    '../_base_/datasets/ssv2.py',
    '../_base_/pipelines/rho2.py',
    '../_base_/methods/simclr.py',
    '../_base_/schedules/lars_nesterov.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(mean=[114.75] * 3, std=[57.375] * 3),
    backbone=_base_.backbone,
    neck=dict(num_hidden=2, norm_cfg=None))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=4.8))  # 0.6 x 512 / 64
auto_scale_lr = dict(base_batch_size=512)  # 64 GPUs x 8 videos

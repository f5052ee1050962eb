"""SimCLR, rho = 2, Slow-only R-50, Smarthome CS, 200 epochs.

Paper: LTN, Table 5, "SimCLR", without a recipe: that of Feichtenhofer et al.
    (2021), one node.
Batch: 8 GPUs x 8 videos x 2 clips = 64 videos, 128 clips of 8x224x224 a step.
    Memory not measured here.
Number: 42.2 % per class (linear evaluation). Ours: not run.
Run: tools/dist_train.sh configs/simclr/simclr_rho2_slow50_smarthome.py 8
"""
_base_ = [
    '../_base_/backbones/slow50.py',
    '../_base_/datasets/smarthome.py',
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

optim_wrapper = dict(optimizer=dict(lr=0.6))  # 0.6 x 64 / 64
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

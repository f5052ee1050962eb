"""BYOL, rho = 4, Slow-only R-50, Smarthome CS, 200 epochs.

Paper: LTN, Tables 2 and 5, "rho-BYOL", without a recipe: that of Feichtenhofer
    et al. (2021), one node.
Batch: 8 GPUs x 8 videos x 4 clips = 64 videos, 256 clips of 8x224x224 a step.
    Memory not measured here.
Number: 61.7 % top-1, 42.4 % per class (linear evaluation). Ours: not run.
Run: tools/dist_train.sh configs/byol/byol_rho4_slow50_smarthome.py 8
"""
_base_ = [
    '../_base_/backbones/slow50.py',
    '../_base_/datasets/smarthome.py',
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

optim_wrapper = dict(optimizer=dict(lr=1.2))  # 1.2 x 64 / 64
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

"""Supervised training of an R2D-50 on Kinetics-400.

Paper: HCML, Table 2, "Baseline".
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 16x224x224 a step. Memory not
    measured here.
Number: 64.8 % top-1, 85.1 % top-5 (1 view). Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised_r2d50_k400.py 8
"""
_base_ = [
    '../../_base_/backbones/r2d50.py',
    '../../_base_/datasets/k400.py',
    '../../_base_/pipelines/labelled_16x2.py',
    '../../_base_/methods/finetune.py',
    '../../_base_/schedules/sgd_warmup_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        _base_.backbone, init_cfg=None, norm_cfg=dict(type='BN3d')),
    cls_head=dict(num_classes=400))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

optim_wrapper = dict(optimizer=dict(lr=0.02))  # 0.0025 x 8 GPUs
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

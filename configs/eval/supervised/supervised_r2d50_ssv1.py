"""Supervised training of an R2D-50 on Something-Something V1.

Paper: HCML, Table 2, "Baseline".
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 32x224x224 a step. Memory not
    measured here.
Number: 36.1 % top-1, 68.1 % top-5 (1 view). Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised_r2d50_ssv1.py 8
"""
_base_ = [
    '../../_base_/backbones/r2d50.py',
    '../../_base_/datasets/ssv1_labelled.py',
    '../../_base_/methods/finetune.py',
    '../../_base_/schedules/sgd_warmup_150e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        _base_.backbone, init_cfg=None, norm_cfg=dict(type='BN3d')),
    cls_head=dict(num_classes=174))

train_dataloader = dict(batch_size=8)
val_dataloader = dict(batch_size=8)

optim_wrapper = dict(optimizer=dict(lr=0.02))  # 0.0025 x 8 GPUs
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

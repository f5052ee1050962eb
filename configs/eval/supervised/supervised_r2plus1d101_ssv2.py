"""Supervised training of an R(2+1)D-101 on Something-Something V2.

Paper: HCML, without its motion blocks; no table has it on this data set.
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 32x224x224 a step. Memory not
    measured here.
Number: none printed. Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised_r2plus1d101_ssv2.py 8
"""
_base_ = [
    '../../_base_/backbones/r2plus1d101.py',
    '../../_base_/datasets/ssv2.py',
    '../../_base_/pipelines/labelled_32x1_ssv2_340.py',
    '../../_base_/methods/finetune.py',
    '../../_base_/schedules/sgd_warmup_150e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        _base_.backbone, init_cfg=None, norm_cfg=dict(type='BN3d')),
    cls_head=dict(num_classes=174))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

optim_wrapper = dict(optimizer=dict(lr=0.02))  # 0.0025 x 8 GPUs
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

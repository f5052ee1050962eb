"""HCML without labels, R2D-50, Something-Something V2: levels 0, 1 and 2.

Paper: HCML, Table 3. Schedule and rate per GPU are those of Kinetics-400.
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 32x224x224 a step. Memory not
    measured here.
Number: none of its own, see hcml_joint_r2d50_ssv2.py. Ours: not run.
Run: python tools/train_stages.py
    configs/hcml/hcml_r2d50_ssv2.py --gpus 8
"""
_base_ = [
    '../_base_/backbones/r2d50.py',
    '../_base_/datasets/ssv2.py',
    '../_base_/pipelines/labelled_32x1_ssv2.py',
    '../_base_/methods/hcml.py',
    '../_base_/schedules/sgd_warmup_80e.py',
    '../_base_/default_runtime.py',
]

model = dict(backbone=dict(backbone=_base_.backbone))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.pretrain_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=0.02))  # 0.0025 x 8 GPUs
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

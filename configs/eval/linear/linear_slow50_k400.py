"""Linear evaluation of a Slow-only R-50 on Kinetics-400.

Paper: LTN, Table 6; recipe of Feichtenhofer et al. (2021).
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 8x224x224 a step. Memory not
    measured here.
Number: LTN 71.3 %, rho-BYOL 70.0 %, MoCo 66.6 %. Ours: not run.
Run: tools/dist_train.sh configs/eval/linear/linear_slow50_k400.py 8
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/slow50.py',
    '../../_base_/datasets/k400.py',
    '../../_base_/pipelines/labelled_8x8.py',
    '../../_base_/methods/linear_pooled.py',
    '../../_base_/schedules/sgd_linear_60e.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone, cls_head=dict(num_classes=400))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

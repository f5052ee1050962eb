"""Fine-tuning of a Slow-only R-50 on Smarthome, cross-subject (CS).

Paper: LTN, Table 5, without a recipe: that of UCF101.
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 8x224x224 a step. Memory not
    measured here.
Number: LTN 65.9 % per class, MoCo 61.8 %; both from Kinetics-400.
    Ours: not run.
Run: tools/dist_train.sh configs/eval/finetune/finetune_slow50_smarthome.py 8
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/slow50.py',
    '../../_base_/datasets/smarthome.py',
    '../../_base_/pipelines/finetune_8x8.py',
    '../../_base_/methods/finetune_pooled.py',
    '../../_base_/schedules/sgd_finetune_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(_base_.backbone, norm_cfg=dict(type='BN3d')),
    cls_head=dict(num_classes=31))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

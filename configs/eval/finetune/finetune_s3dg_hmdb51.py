"""Fine-tuning of an S3D-G on HMDB51, first split.

Paper: Pace Prediction, Table 3.
Batch: 4 GPUs x 8 videos x 1 clip = 32 clips of 64x224x224 a step.
    Memory not measured here.
Number: 52.6 %. Ours: not run.
Run: tools/dist_train.sh configs/eval/finetune/finetune_s3dg_hmdb51.py 4
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/s3dg.py',
    '../../_base_/datasets/hmdb51_64x224.py',
    '../../_base_/methods/finetune_10views.py',
    '../../_base_/schedules/sgd_step_18e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=_base_.backbone,
    cls_head=dict(in_channels=1024, num_classes=51))

train_dataloader = dict(batch_size=8)
val_dataloader = dict(batch_size=8)

optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(base_batch_size=32)  # 4 GPUs x 8 videos

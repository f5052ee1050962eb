"""Fine-tuning of an R3D-50 on Something-Something V2.

Paper: CORP, end of section 4.3, without a recipe; see the schedule.
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 32x224x224 a step.
    Memory not measured here.
Number: CORP_m 61 %. Ours: not run.
Run: tools/dist_train.sh configs/eval/finetune/finetune_r3d50_ssv2.py 8
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/r3d50.py',
    '../../_base_/datasets/ssv2_labelled.py',
    '../../_base_/methods/finetune.py',
    '../../_base_/schedules/sgd_step_22e.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone, cls_head=dict(num_classes=174))

train_dataloader = dict(batch_size=8)
val_dataloader = dict(batch_size=8)

auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos

"""Fine-tuning of an R3D-10 on UCF101, first split.

Paper: Pace Prediction, Fig. 4.
Batch: 1 GPU x 30 videos x 1 clip = 30 clips of 16x112x112 a step.
    Memory not measured here.
Number: a bar of Fig. 4. Ours: not run.
Run: python tools/train.py configs/eval/finetune/finetune_r3d10_ucf101.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/r3d10.py',
    '../../_base_/datasets/ucf101_16x112.py',
    '../../_base_/methods/finetune_10views.py',
    '../../_base_/schedules/sgd_step_18e.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone, cls_head=dict(num_classes=101))

train_dataloader = dict(batch_size=30)
val_dataloader = dict(batch_size=30)

optim_wrapper = dict(optimizer=dict(lr=3e-3))
auto_scale_lr = dict(base_batch_size=30)  # 1 GPU x 30 videos

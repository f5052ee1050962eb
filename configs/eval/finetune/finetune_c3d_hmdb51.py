"""Fine-tuning of a C3D on HMDB51, first split.

Paper: Pace Prediction, not in its tables.
Batch: 1 GPU x 30 videos x 1 clip = 30 clips of 16x112x112 a step.
    Memory not measured here.
Number: none. Ours: not run.
Run: python tools/train.py configs/eval/finetune/finetune_c3d_hmdb51.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/c3d.py',
    '../../_base_/datasets/hmdb51_16x112.py',
    '../../_base_/methods/finetune_10views.py',
    '../../_base_/schedules/sgd_step_18e.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone, cls_head=dict(num_classes=51))

train_dataloader = dict(batch_size=30)
val_dataloader = dict(batch_size=30)

optim_wrapper = dict(optimizer=dict(lr=3e-3))
auto_scale_lr = dict(base_batch_size=30)  # 1 GPU x 30 videos

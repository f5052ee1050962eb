"""Pace Prediction, R3D-10, UCF101: paces 1 to 4, no contrast.

Paper: Pace Prediction, Fig. 4, Tables 4 and 5; its "R3D-18".
Batch: 1 GPU x 30 videos x 1 clip = 30 clips of 16x112x112 a step.
    Memory not measured here.
Number: Table 4, p4, R@1 23.8 %; Fig. 4 has a bar. Ours: not run.
Run: python tools/train.py configs/pace/pace_r3d10_ucf101.py
"""
_base_ = [
    '../_base_/backbones/r3d10.py',
    '../_base_/datasets/ucf101_pace.py',
    '../_base_/methods/pace.py',
    '../_base_/schedules/sgd_step_18e.py',
    '../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone)

train_dataloader = dict(batch_size=30)
val_dataloader = dict(batch_size=30)
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=30)  # 1 GPU x 30 videos

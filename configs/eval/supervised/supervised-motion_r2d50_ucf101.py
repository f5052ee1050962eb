"""Supervised training of an R2D-50 with motion blocks on
UCF101.

Paper: HCML, Table 2, "PMB"; Table 1, "action".
Batch: 2 GPUs x 8 videos x 1 clip = 16 clips of 16x224x224 a step. Memory not
    measured here.
Number: 71.6 % top-1, 89.7 % top-5 (1 view). Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised-motion_r2d50_ucf101.py 2
"""
_base_ = [
    './supervised_r2d50_ucf101.py',
    '../../_base_/methods/motion_blocks.py',
]

model = dict(
    backbone=dict(
        _base_.motion_blocks,
        _delete_=True,
        backbone=_base_.model.backbone,
        init_cfg=None))

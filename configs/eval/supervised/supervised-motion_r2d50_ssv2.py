"""Supervised training of an R2D-50 with motion blocks on
Something-Something V2.

Paper: HCML, no table has it on this data set.
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 32x224x224 a step. Memory not
    measured here.
Number: none printed. Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised-motion_r2d50_ssv2.py 8
"""
_base_ = [
    './supervised_r2d50_ssv2.py',
    '../../_base_/methods/motion_blocks.py',
]

model = dict(
    backbone=dict(
        _base_.motion_blocks,
        _delete_=True,
        backbone=_base_.model.backbone,
        init_cfg=None))

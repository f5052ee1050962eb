"""Supervised training of an R2D-50 with motion blocks on
Kinetics-400.

Paper: HCML, Table 2, "PMB".
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 16x224x224 a step. Memory not
    measured here.
Number: 65.6 % top-1, 85.5 % top-5 (1 view). Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised-motion_r2d50_k400.py 8
"""
_base_ = [
    './supervised_r2d50_k400.py',
    '../../_base_/methods/motion_blocks.py',
]

model = dict(
    backbone=dict(
        _base_.motion_blocks,
        _delete_=True,
        backbone=_base_.model.backbone,
        init_cfg=None))

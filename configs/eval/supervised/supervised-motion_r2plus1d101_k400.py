"""Supervised training of an R(2+1)D-101 with motion blocks on
Kinetics-400.

Paper: HCML, Table 2, "PMB".
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 32x224x224 a step. Memory not
    measured here.
Number: 67.4 % top-1, 86.9 % top-5 (1 view). Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised-motion_r2plus1d101_k400.py 8
"""
_base_ = [
    './supervised_r2plus1d101_k400.py',
    '../../_base_/methods/motion_blocks.py',
]

model = dict(
    backbone=dict(
        _base_.motion_blocks,
        _delete_=True,
        backbone=_base_.model.backbone,
        init_cfg=None))

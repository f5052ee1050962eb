"""Supervised training of an R(2+1)D-101 with motion blocks on
UCF101.

Paper: HCML, Table 2, "PMB".
Batch: 2 GPUs x 8 videos x 1 clip = 16 clips of 32x224x224 a step. Memory not
    measured here.
Number: 73.4 % top-1, 92.1 % top-5 (1 view). Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised-motion_r2plus1d101_ucf101.py 2
"""
_base_ = [
    './supervised_r2plus1d101_ucf101.py',
    '../../_base_/methods/motion_blocks.py',
]

model = dict(
    backbone=dict(
        _base_.motion_blocks,
        _delete_=True,
        backbone=_base_.model.backbone,
        init_cfg=None))

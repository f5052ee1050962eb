"""Retrieval on UCF101, first split, with an R3D-10.

Paper: Pace Prediction, Table 4. The layer: test_evaluator.layer=p4
Batch: 4 videos of 10 clips of 16x112x112. Memory not measured here.
Number: R@1 19.9 % from p5, 23.8 % from p4, untrained 9.9 %.
    Ours: not run.
Run: python tools/test.py configs/eval/retrieval/retrieval_r3d10_ucf101.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/r3d10.py',
    '../../_base_/datasets/ucf101_retrieval.py',
    '../../_base_/methods/retrieval.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone)
test_evaluator = dict(gallery=_base_.gallery)

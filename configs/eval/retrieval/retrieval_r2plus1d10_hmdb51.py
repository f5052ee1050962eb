"""Retrieval on HMDB51, first split, with an R(2+1)D-10.

Paper: Pace Prediction, Table 5. The layer: test_evaluator.layer=p4
Batch: 4 videos of 10 clips of 16x112x112. Memory not measured here.
Number: R@1 10.1 % from p5, 12.9 % from p4, untrained 4.5 %.
    Ours: not run.
Run: python tools/test.py configs/eval/retrieval/retrieval_r2plus1d10_hmdb51.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/r2plus1d10.py',
    '../../_base_/datasets/hmdb51_retrieval.py',
    '../../_base_/methods/retrieval.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone)
test_evaluator = dict(gallery=_base_.gallery)

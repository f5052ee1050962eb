"""HCML without labels: one level of motion after the other (Section 3.2).

``tools/train_stages.py`` trains all three; for one of them ``model.level`` is
0, 1 or 2, and ``load_from`` the last checkpoint of the level below.
BatchNorm is of all GPUs, "to avoid trivial solution" (Appendix B.2).
"""
_base_ = ['./motion_blocks.py', './motion_head.py']

model = dict(
    type='MotionPretrainer',
    data_preprocessor=dict(
        type='ClipDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375]),
    backbone=dict(
        _base_.motion_blocks,
        block=dict(_base_.motion_blocks.block, norm_cfg=dict(type='SyncBN'))),
    motion_head=_base_.motion_head,
    level=0,
    with_below=False)  # True: preliminary motion of levels above 0, Table 1

stages = [
    dict(name='level0', options={'model.level': 0}),
    dict(name='level1', options={'model.level': 1}),
    dict(name='level2', options={'model.level': 2}),
]

val_evaluator = dict(type='MotionMetric')
test_evaluator = val_evaluator

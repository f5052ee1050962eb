"""HCML, R2D-50, Kinetics-400: with labels, from its levels on.

Paper: HCML, Tables 2, 3 and 6, "PMB" and "Self".
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 16x224x224 a step. Memory not
    measured here.
Number: 67.3 % top-1, 86.4 % top-5 (1 view), 74.8 % top-1 (30 views).
    Ours: not run.
Run: python tools/train_stages.py
    configs/hcml/hcml_joint_r2d50_k400.py --gpus 8
"""
_base_ = [
    '../eval/supervised/supervised-motion_r2d50_k400.py',
    '../_base_/methods/motion_head.py',
]

model = dict(type='MotionRecognizer', motion_head=_base_.motion_head)

levels = 'hcml_r2d50_k400.py'
stages = [
    dict(name='level0', config=levels, options={'model.level': 0}),
    dict(name='level1', config=levels, options={'model.level': 1}),
    dict(name='level2', config=levels, options={'model.level': 2}),
    dict(name='joint'),
]
partial_load = True  # the classifier is new to what the levels end with

"""HCML, R(2+1)D-101, UCF101: with labels, from its levels on.

Paper: HCML, Table 2, Fig. 2, "PMB" and "Self". Table 7 has the rate and the
    length.
Batch: 2 GPUs x 8 videos x 1 clip = 16 clips of 32x224x224 a step. Memory not
    measured here.
Number: 80.7 % top-1, 95.6 % top-5 (1 view). Ours: not run.
Run: python tools/train_stages.py
    configs/hcml/hcml_joint_r2plus1d101_ucf101.py --gpus 2
"""
_base_ = [
    '../eval/supervised/supervised-motion_r2plus1d101_ucf101.py',
    '../_base_/methods/motion_head.py',
]

model = dict(type='MotionRecognizer', motion_head=_base_.motion_head)

levels = 'hcml_r2plus1d101_ucf101.py'
stages = [
    dict(name='level0', config=levels, options={'model.level': 0}),
    dict(name='level1', config=levels, options={'model.level': 1}),
    dict(name='level2', config=levels, options={'model.level': 2}),
    dict(name='joint'),
]
partial_load = True  # the classifier is new to what the levels end with

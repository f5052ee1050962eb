"""Pace and same-pace contrast, R(2+1)D-10, UCF101.

Paper: Pace Prediction, Table 2, fourth row.
Number: 73.6 % (fine-tuning on UCF101), 32.3 % (HMDB51). Ours: not run.
Run: python tools/train.py
    configs/pace/pace_same-pace_r2plus1d10_ucf101.py
"""
_base_ = './pace_r2plus1d10_ucf101.py'

model = dict(head=dict(contrast='same-pace'))

"""Same-context contrast behind a layer of its own: "R(2+1)D + fc".

Paper: Pace Prediction, Table 2, last row, and Table 3.
Number: 75.9 % (fine-tuning on UCF101), 35.9 % (HMDB51). Ours: not run.
Run: python tools/train.py
    configs/pace/pace_same-context-fc_r2plus1d10_ucf101.py
"""
_base_ = './pace_same-context_r2plus1d10_ucf101.py'

model = dict(head=dict(contrast_channels=8))  # 4,104 parameters, the "~4k"

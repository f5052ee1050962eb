"""The same with motion blocks: HCML's second row of Table 2, in small.

Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py
    configs/mini/supervised-motion_smallr2d_motion-mini.py
"""
_base_ = './supervised_smallr2d_motion-mini.py'

model = dict(
    backbone=dict(_delete_=True, **_base_.motion_backbone))

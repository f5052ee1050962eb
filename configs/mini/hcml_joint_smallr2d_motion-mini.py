"""The same with HCML's losses beside the labels: Table 2's third row, in small.

It starts from what three levels have learnt without labels.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/hcml_joint_smallr2d_motion-mini.py
    --cfg-options load_from=work_dirs/hcml_smallr2d_motion-mini/level2/epoch_2.pth
"""
_base_ = './supervised-motion_smallr2d_motion-mini.py'

model = dict(
    type='MotionRecognizer',
    motion_head=dict(_base_.motion_head, loss_weights=(15.0, 0.25, 0.25)))

partial_load = True  # the classifier is new

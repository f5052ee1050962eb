"""R3D-10 (14,361,792 parameters), the "R3D-18" of Pace Prediction and VCOP.

One block a stage; the field's R3D-18 is r3d18.py. A 16x112x112 clip gives
512x2x7x7.
"""
backbone = dict(
    type='PlainResNet3d',
    block='r3d',
    num_blocks=(1, 1, 1, 1))

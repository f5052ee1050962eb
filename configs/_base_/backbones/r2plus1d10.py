"""R(2+1)D-10 (14,365,303 parameters), the "R(2+1)D" of Pace Prediction.

One block a stage, and every convolution factorised, also those of the stem
(83 channels between its parts) and of the shortcuts: the 14.4 M of Table 2.
The field's R(2+1)D-18 is r2plus1d18.py. A 16x112x112 clip gives 512x2x7x7.
"""
backbone = dict(
    type='PlainResNet3d',
    block='r2plus1d',
    num_blocks=(1, 1, 1, 1))

"""R3D-18 (33,166,272 parameters) as in torchvision: two blocks a stage.

Tran et al. (2018), Table 1. With 400 classes it has 33,371,472. A 16x112x112
clip gives 512x2x7x7.
"""
backbone = dict(
    type='PlainResNet3d',
    block='r3d',
    num_blocks=(2, 2, 2, 2))

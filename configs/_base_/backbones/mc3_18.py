"""MC3-18 (11,490,240 parameters) as in torchvision: R3D-18 flat from conv3.

Tran et al. (2018). With 400 classes it has 11,695,440. Time is never halved:
a 16x112x112 clip gives 512x16x7x7.
"""
backbone = dict(
    type='PlainResNet3d',
    block='r3d',
    num_blocks=(2, 2, 2, 2),
    flat_from=3)

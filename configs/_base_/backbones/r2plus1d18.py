"""R(2+1)D-18 (31,300,125 parameters) as in torchvision: two blocks a stage.

Tran et al. (2018). With 400 classes it has 31,505,325. A 16x112x112 clip
gives 512x2x7x7. Its stem and shortcuts are not those of r2plus1d10.py.
"""
backbone = dict(
    type='PlainResNet3d',
    block='r2plus1d',
    num_blocks=(2, 2, 2, 2),
    stem_mid_channels=45,
    plain_shortcuts=True,
    share_mid_channels=True)

"""HCML's motion blocks, to be put around a network (Section 3.2, A.3).

Level l is what follows residual stage l + 2 of a ResNet. Fig. 2 adds them one
by one: ``model.backbone.levels`` is (0,), (0,1) or (0,1,2).
"""
motion_blocks = dict(
    type='MotionResNet3d',
    levels=(0, 1, 2),
    block=dict(
        reduction=8,
        max_displacement=6,
        stride=2,
        norm_cfg=dict(type='BN3d')))

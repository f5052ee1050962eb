"""Latent Time Navigation on rho-MoCo, a small network on motion-mini.

Variants: ``--cfg-options model.neck.variant=1``, 2 or 3 and
``model.neck.orthogonal=False``. 16 of 512 directions are 1/32 of them.
Batch: 16 videos x 4 clips = 64 clips of 8x32x32 a step.
Number: not a table of the paper; configs/mini/README.md has ours.
Run: python tools/train.py configs/mini/ltn_moco-rho4_smallr3d_motion-mini.py
"""
_base_ = './moco_rho4_smallr3d_motion-mini.py'

model = dict(
    neck=dict(
        _delete_=True,
        type='TimeNavigationNeck',
        projector=_base_.model.neck,
        num_directions=16,
        variant=3,
        orthogonal=True,
        time_layers=2,
        time_channels=64))

# ten times the rate where time is read: in a run of some hundred steps the
# directions otherwise stay where they were drawn
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            'neck.basis': dict(lr_mult=10, decay_mult=0),
            'neck.time_encoder': dict(lr_mult=10),
        }))

"""LTN on MoCo, rho = 4, Slow-only R-50, UCF101.

Paper: LTN, Table 7.
Batch, data and schedule: those of moco_rho4_slow50_ucf101.py, whose neck it
    changes.
Number: 71.8 % (linear evaluation on UCF101), 40.3 % (HMDB51). Ours: not run.
Run: tools/dist_train.sh configs/ltn/ltn_moco-rho4_slow50_ucf101.py 8
"""
_base_ = '../moco/moco_rho4_slow50_ucf101.py'

model = dict(
    neck=dict(
        _delete_=True,
        type='TimeNavigationNeck',
        projector=_base_.model.neck,
        num_directions=64,
        variant=3,
        orthogonal=True,
        time_layers=2,
        time_channels=2048,
        time_input='start'))

"""LTN on BYOL, rho = 4, Slow-only R-50, Smarthome CS.

Paper: LTN, Table 2.
Batch, data and schedule: those of byol_rho4_slow50_smarthome.py, whose neck it
    changes.
Number: 63.3 % top-1, 45.1 % per class (linear evaluation). Ours: not run.
Run: tools/dist_train.sh configs/ltn/ltn_byol-rho4_slow50_smarthome.py 8
"""
_base_ = '../byol/byol_rho4_slow50_smarthome.py'

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

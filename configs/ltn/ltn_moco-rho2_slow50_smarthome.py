"""LTN on MoCo, rho = 2, Slow-only R-50, Smarthome CS.

Paper: LTN, Table 2.
Batch, data and schedule: those of moco_rho2_slow50_smarthome.py, whose neck it
    changes.
Number: 65.5 % top-1, 49.0 % per class (linear evaluation). Ours: not run.
Run: tools/dist_train.sh configs/ltn/ltn_moco-rho2_slow50_smarthome.py 8
"""
_base_ = '../moco/moco_rho2_slow50_smarthome.py'

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

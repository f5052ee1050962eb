"""LTN on MoCo, rho = 4, Slow-only R-50, Smarthome CS: the paper's choice.

Paper: LTN, Tables 1 to 5 and 8; other rows are options, see README.md.
Batch, data and schedule: those of moco_rho4_slow50_smarthome.py, whose neck it
    changes.
Number: 67.8 % top-1, 53.7 % per class (linear evaluation). Ours: not run.
Run: tools/dist_train.sh configs/ltn/ltn_moco-rho4_slow50_smarthome.py 8
"""
_base_ = '../moco/moco_rho4_slow50_smarthome.py'

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

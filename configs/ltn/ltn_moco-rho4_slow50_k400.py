"""LTN on MoCo, rho = 4, Slow-only R-50, Kinetics-400.

Paper: LTN, Tables 5 to 7.
Batch, data and schedule: those of moco_rho4_slow50_k400.py, whose neck it
    changes.
Number: 71.3 % (linear evaluation). Ours: not run.
Run: GPUS=64 tools/slurm_train.sh PARTITION ltn
    configs/ltn/ltn_moco-rho4_slow50_k400.py
"""
_base_ = '../moco/moco_rho4_slow50_k400.py'

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

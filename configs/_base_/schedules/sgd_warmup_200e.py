"""``sgd_warmup_80e.py`` with labels on Kinetics-400: 40 of 200 epochs."""
_base_ = './sgd_warmup_80e.py'

param_scheduler = [
    dict(
        type='WarmupCosineLR',
        warmup_ratio=40 / 200,
        convert_to_iter_based=True),
]

train_cfg = dict(max_epochs=200)

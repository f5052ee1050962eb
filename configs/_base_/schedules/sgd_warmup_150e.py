"""``sgd_warmup_80e.py`` with labels on Something-Something: 50 of 150."""
_base_ = './sgd_warmup_80e.py'

param_scheduler = [
    dict(
        type='WarmupCosineLR',
        warmup_ratio=50 / 150,
        convert_to_iter_based=True),
]

train_cfg = dict(max_epochs=150)

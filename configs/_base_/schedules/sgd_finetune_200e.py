"""Fine-tuning in Feichtenhofer et al. (2021): SGD, 200 epochs, half a cosine.

Their release's for BatchNorm by GPU; what it changes where BatchNorm is
synchronised is in configs/ltn/README.md. The learning rate is 0.005 x videos
/ 64.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='SGD', lr=0.005, momentum=0.9, nesterov=True, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0))

param_scheduler = [
    dict(type='WarmupCosineLR', warmup_ratio=0, convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=200, val_interval=20)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

"""HCML (Appendix B.2): SGD, 10 of 80 epochs of warm-up, half a cosine.

Weight decay, momentum and norms without decay are those of the recipes that
the paper names, SlowFast's and Goyal et al. (2017). The leaf sets the
learning rate, 0.0025 for each GPU with 8 clips.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0))

param_scheduler = [
    dict(
        type='WarmupCosineLR',
        warmup_ratio=10 / 80,
        convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=80, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

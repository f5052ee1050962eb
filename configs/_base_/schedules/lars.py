"""Pre-training (CORP section 4.1): LARS, 5 % warm-up, half a cosine.

The leaf sets the learning rate, the number of videos in a step / 256, and
the number of epochs if it is not 200. Warm-up and cosine move at every step
and follow the length of training: ``train_cfg.max_epochs`` is all there is
to change.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='LARS', lr=1.0, momentum=0.9, weight_decay=1e-6))

param_scheduler = [
    dict(
        type='WarmupCosineLR', warmup_ratio=0.05, convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=200, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

"""Training with labels (CORP section 4.1): SGD, half a cosine, no warm-up.

The leaf sets the learning rate, and the number of epochs if it is not 100.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.16, momentum=0.9, weight_decay=0))

param_scheduler = [
    dict(type='WarmupCosineLR', warmup_ratio=0, convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=100, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

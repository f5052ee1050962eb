"""Training with labels (CORP section 4.1): SGD, half a cosine, no warm-up.

The leaf sets the learning rate; the cosine ends where training ends, so that
``train_cfg.max_epochs`` alone changes the length.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.16, momentum=0.9, weight_decay=0))

param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        begin=0,
        eta_min=0,
        convert_to_iter_based=True),
]

train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=100, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

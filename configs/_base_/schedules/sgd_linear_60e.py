"""Linear evaluation in Feichtenhofer et al. (2021): SGD, 60 epochs.

8 of them warm up, from 0 to the cosine of the whole run. The learning rate
is 0.5 x videos / 64.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='SGD', lr=0.5, momentum=0.9, nesterov=True, weight_decay=0))

param_scheduler = [
    dict(
        type='WarmupCosineLR',
        warmup_ratio=8 / 60,
        cosine_after_warmup=False,
        convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=60, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

"""Pre-training of BYOL, SimCLR and SwAV on video: LARS over Nesterov's SGD.

The release of Feichtenhofer et al. (2021), its schedule that of
sgd_nesterov.py, from 0.001 for 64 videos where the learning rate is 0.6 for
as many. The leaf sets it: 0.6 x videos / 64, BYOL with four clips 1.2.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='LARS', lr=0.6, momentum=0.9, nesterov=True, weight_decay=1e-6))

param_scheduler = [
    dict(
        type='WarmupCosineLR',
        warmup_ratio=35 / 200,
        start_ratio=0.001 / 0.6,
        cosine_after_warmup=False,
        convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=200, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

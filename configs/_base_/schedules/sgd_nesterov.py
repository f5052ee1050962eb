"""Pre-training of MoCo on video: SGD, 35 of 200 epochs of warm-up, a cosine.

The release of Feichtenhofer et al. (2021). The cosine is one of the whole
run; a line from a hundredth of the learning rate (0.001 for 64 videos) leads
to what it is after the warm-up, 93 % of the learning rate. BatchNorm does
not decay. The leaf sets the learning rate, 0.1 x videos / 64.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='SGD', lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0))

param_scheduler = [
    dict(
        type='WarmupCosineLR',
        warmup_ratio=35 / 200,
        start_ratio=0.01,
        cosine_after_warmup=False,
        convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=200, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

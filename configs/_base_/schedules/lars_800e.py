"""Pre-training of 800 epochs (CORP section 4.1).

LARS; the learning rate is the number of videos in a step / 256, set by the
leaf. Linear warm-up over the first 5 % of the epochs, then half a cosine to
zero, both moving at every step. With another number of epochs E:
``train_cfg.max_epochs=E param_scheduler.0.end=W param_scheduler.1.begin=W``
with W = E / 20; the cosine ends where training ends.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='LARS', lr=1.0, momentum=0.9, weight_decay=1e-6))

param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-8,
        begin=0,
        end=40,  # 5 % of 800
        convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=40,
        eta_min=0,
        convert_to_iter_based=True),
]

train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=800, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

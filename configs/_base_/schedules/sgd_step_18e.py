"""Pace Prediction (Section 4.1): SGD, 18 epochs, a tenth at 6 and at 12.

The weight decay is that of the authors' code; the paper gives none. The leaf
sets the learning rate.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-3))

param_scheduler = [
    dict(
        type='StepLR', step_size=6, gamma=0.1, convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=18, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

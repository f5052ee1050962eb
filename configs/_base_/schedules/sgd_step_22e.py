"""Fine-tuning on Something-Something V2, which CORP does not describe.

The recipe of Feichtenhofer et al. (2021), against whose numbers CORP sets
its 61 %: 22 epochs, a tenth at 14 and 18, 0.19 epochs of linear warm-up.
"""
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.12, momentum=0.9, weight_decay=1e-6))

param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-8,
        begin=0,
        end=0.19,
        convert_to_iter_based=True),
    dict(
        type='MultiStepLR',
        milestones=[14, 18],
        gamma=0.1,
        convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=22, val_interval=2)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

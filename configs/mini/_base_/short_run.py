"""AdamW, 5 % warm-up, half a cosine; 8 epochs of 128 steps."""
_base_ = '../../_base_/default_runtime.py'

# a rate of 2e-3 or more leaves the order task on its plateau
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))

param_scheduler = [
    dict(
        type='WarmupCosineLR', warmup_ratio=0.05, convert_to_iter_based=True),
]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=8, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

default_hooks = dict(logger=dict(interval=16))
# averages over the steps between two lines, accuracies included
log_processor = dict(
    window_size=16, mean_pattern=r'loss|time|grad_norm|^\w+_acc$')

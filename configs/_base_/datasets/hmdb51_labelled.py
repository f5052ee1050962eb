"""HMDB51 with labels: 32 of 64 frames, 30 views to test."""
_base_ = ['./hmdb51.py', '../pipelines/labelled_32x2.py']

train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

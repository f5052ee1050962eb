"""Something-Something V1 with labels: 32 frames in a row, 9 views to test."""
_base_ = ['./ssv1.py', '../pipelines/labelled_32x1_ssv1.py']

train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

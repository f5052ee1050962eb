"""HMDB51 with labels: 64 neighbouring frames of 224x224, ten views to test.

An epoch goes ten times through the training videos.
"""
_base_ = ['./hmdb51.py', '../pipelines/labelled_64x224.py']

train_dataloader = dict(
    dataset=dict(num_repeats=10, pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

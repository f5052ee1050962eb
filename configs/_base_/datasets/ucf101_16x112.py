"""UCF101 with labels: 16 neighbouring frames of 112x112, ten views to test.

An epoch goes ten times through the training videos.
"""
_base_ = ['./ucf101.py', '../pipelines/labelled_16x112.py']

train_dataloader = dict(
    dataset=dict(num_repeats=10, pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

"""Kinetics-400: about 240,000 training and 20,000 validation videos.

Made by ``tools/data/kinetics400.py``, see docs/data_preparation.md.
Leaves add batch sizes and pipelines.
"""
train_dataloader = dict(
    num_workers=8,
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/k400/train.txt',
        data_prefix=dict(video='data/k400/train')))

val_dataloader = dict(
    num_workers=8,
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/k400/val.txt',
        data_prefix=dict(video='data/k400/val'),
        test_mode=True))

test_dataloader = val_dataloader

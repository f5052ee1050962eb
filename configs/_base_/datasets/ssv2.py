"""Something-Something V2: 168,913 training, 24,777 validation videos.

Made by ``tools/data/something_something_v2.py``, see docs/data_preparation.md.
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
        ann_file='data/ssv2/train.txt',
        data_prefix=dict(video='data/ssv2/videos')))

val_dataloader = dict(
    num_workers=8,
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/ssv2/val.txt',
        data_prefix=dict(video='data/ssv2/videos'),
        test_mode=True))

test_dataloader = val_dataloader

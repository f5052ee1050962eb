"""Something-Something V1: 86,017 training, 11,522 validation videos.

Made by ``tools/data/something_something_v1.py``, see docs/data_preparation.md.
Videos are folders of frames, 12 a second. Leaves add batch sizes and
pipelines.
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
        ann_file='data/ssv1/train.txt',
        data_prefix=dict(video='data/ssv1/videos')))

val_dataloader = dict(
    num_workers=8,
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/ssv1/val.txt',
        data_prefix=dict(video='data/ssv1/videos'),
        test_mode=True))

test_dataloader = val_dataloader

"""UCF101, first of its three splits: 9,537 training, 3,783 test videos.

Made by ``tools/data/ucf101.py``, see docs/data_preparation.md.
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
        ann_file='data/ucf101/train_split1.txt',
        data_prefix=dict(video='data/ucf101/videos')))

val_dataloader = dict(
    num_workers=8,
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/ucf101/test_split1.txt',
        data_prefix=dict(video='data/ucf101/videos'),
        test_mode=True))

test_dataloader = val_dataloader

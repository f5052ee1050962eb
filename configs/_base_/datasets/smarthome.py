"""Toyota Smarthome, cross-subject protocol (CS): 31 classes.

10,682 videos of eleven subjects to train, 5,433 of seven to test. Without a
validation: ``cs_val.txt``, only to watch, is two of the training subjects.
Made by ``tools/data/smarthome.py``, see docs/data_preparation.md.
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
        ann_file='data/smarthome/annotations/cs_train.txt',
        data_prefix=dict(video='data/smarthome/videos')))

val_dataloader = dict(
    num_workers=8,
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/smarthome/annotations/cs_val.txt',
        data_prefix=dict(video='data/smarthome/videos'),
        test_mode=True))

test_dataloader = dict(
    num_workers=8,
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/smarthome/annotations/cs_test.txt',
        data_prefix=dict(video='data/smarthome/videos'),
        test_mode=True))

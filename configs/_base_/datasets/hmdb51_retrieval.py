"""HMDB51 for retrieval: test videos look among the training videos.

Ten neighbouring clips of 16x112x112 a video, centre crop. The leaf gives
``gallery`` to its metric.
"""
_base_ = ['./hmdb51.py', '../pipelines/labelled_16x112.py']

# nothing is trained
train_dataloader = None
val_dataloader = None

test_dataloader = dict(
    batch_size=4, dataset=dict(pipeline=_base_.test_pipeline))

gallery = dict(
    batch_size=4,
    num_workers=8,
    collate_fn=dict(type='collate_clips'),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/hmdb51/train_split1.txt',
        data_prefix=dict(video='data/hmdb51/videos'),
        test_mode=True))

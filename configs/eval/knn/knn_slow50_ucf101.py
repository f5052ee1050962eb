"""kNN on UCF101, first split, with a Slow-only R-50.

Paper: none. The vote is that of Wu et al. (2018).
Batch: 16 videos of a clip of 8x256x256. Memory not measured here.
Number: ours: not run.
Run: python tools/test.py configs/eval/knn/knn_slow50_ucf101.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/slow50.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/pipelines/labelled_8x8.py',
    '../../_base_/methods/knn.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=_base_.backbone,
    # as all methods with this backbone are trained on
    data_preprocessor=dict(mean=[114.75] * 3, std=[57.375] * 3))

test_dataloader = dict(
    batch_size=16, dataset=dict(pipeline=_base_.val_pipeline))

test_evaluator = dict(
    gallery=dict(
        batch_size=16,
        num_workers=8,
        collate_fn=dict(type='collate_clips'),
        dataset=dict(
            type='VideoListDataset',
            ann_file=_base_.train_dataloader.dataset.ann_file,
            data_prefix=_base_.train_dataloader.dataset.data_prefix,
            test_mode=True)))  # read as the test

# nothing is trained
train_dataloader = None
val_dataloader = None

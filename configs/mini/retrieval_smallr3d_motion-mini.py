"""Retrieval on motion-mini: test videos look for training videos of their scene.

Four clips a video, globally pooled, averaged; cosine. Other labels:
``test_dataloader.dataset.ann_file=data/motion_mini_demo/test_motion.txt`` and
``test_evaluator.gallery.dataset.ann_file=.../train_motion.txt``.
Number: not a table of a paper; configs/mini/README.md has ours.
Run: python tools/test.py configs/mini/retrieval_smallr3d_motion-mini.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    './_base_/small_r3d.py',
    './_base_/motion_mini.py',
    '../_base_/methods/retrieval.py',
    '../_base_/default_runtime.py',
]

# the colours that the small networks were trained on
model = dict(
    backbone=_base_.backbone,
    data_preprocessor=dict(
        type='ClipDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375]))

# nothing is trained
train_dataloader = None
val_dataloader = None

test_dataloader = dict(
    batch_size=16,
    dataset=dict(
        ann_file='data/motion_mini_demo/test_scene.txt',
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleUniformClips',
                clip_len=8,
                frame_interval=2,
                num_clips=4),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))

gallery = dict(
    batch_size=16,
    num_workers=1,
    collate_fn=dict(type='collate_clips'),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/motion_mini_demo/train_scene.txt',
        data_prefix=dict(video='data/motion_mini_demo'),
        num_videos=2048,
        test_mode=True))

test_evaluator = dict(layer=None, gallery=gallery)

"""kNN on motion-mini: held-out videos and the scenes of training videos.

Four clips a video, globally pooled, averaged; cosine. Other labels:
``test_dataloader.dataset.ann_file=data/motion_mini_demo/val_motion.txt`` and
``test_evaluator.gallery.dataset.ann_file=.../train_motion.txt``.
Number: not a table of a paper. Untrained (model.backbone.init_cfg=None, seed
    0): top-1 26.6 % of k = 20, 22.5 % of k = 200; chance 12.5 %.
Run: python tools/test.py configs/mini/knn_smallr3d_motion-mini.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    './_base_/small_r3d.py',
    './_base_/motion_mini.py',
    '../_base_/methods/knn.py',
    '../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone)

# nothing is trained
train_dataloader = None
val_dataloader = None

test_dataloader = dict(
    batch_size=16,
    dataset=dict(
        ann_file='data/motion_mini_demo/val_scene.txt',
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
        test_mode=True))  # read as the test

test_evaluator = dict(gallery=gallery)

"""motion-mini at the level 'demo': 8,192 training videos of 48 frames, 32 px.

Written by ``python tools/demo.py``, or by
``python tools/data/make_motion_mini.py data/motion_mini_demo --level demo
--size 32 --num-videos 8192 512 1024``.

Clips are 8 frames at every second one, 16 of the 48 frames. No flip: it would
turn a motion to the left into one to the right. Leaves add batch sizes and
pipelines.
"""
train_augment = [
    # milder than the papers': with crops of (0.7, 1) and jitter 0.4 the order
    # task stays at chance for a thousand steps of this small network
    dict(
        type='ClipRandomResizedCrop',
        size=32,
        area_range=(0.9, 1.0),
        aspect_range=(0.75, 1.33),
        align=1),
    dict(
        type='ClipColorJitter',
        prob=0.8,
        brightness=0.2,
        contrast=0.2,
        saturation=0.2,
        hue=0.05),
    dict(type='ClipGrayscale', prob=0.2),
]

# held-out videos are judged without chance in their pixels
val_augment = [dict(type='Resize', scale=(32, 32), keep_ratio=False)]

train_dataloader = dict(
    num_workers=1,  # with the training process, two cores are busy
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    prefetch_factor=8,
    drop_last=True,
    # an epoch is a part of the videos, so that validation comes often
    sampler=dict(type='PartialPassSampler', parts=4, shuffle=True),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/motion_mini_demo/train_motion.txt',
        data_prefix=dict(video='data/motion_mini_demo')))

val_dataloader = dict(
    num_workers=1,
    collate_fn=dict(type='collate_clips'),
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoListDataset',
        ann_file='data/motion_mini_demo/val_motion.txt',
        data_prefix=dict(video='data/motion_mini_demo'),
        test_mode=True))

test_dataloader = val_dataloader

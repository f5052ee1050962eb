"""A small network with three levels of motion, and clips for it."""

import copy

import torch
from mmaction.structures import ActionDataSample
from torch.utils.data import Dataset

from vsslcodebase.registry import MODELS

FRAMES, SIZE = 8, 16
BACKBONE = dict(
    type='MotionResNet3d',
    backbone=dict(
        type='SmallR3D',
        widths=(8, 8, 8, 16, 16),
        spatial_strides=(1, 2, 1, 2, 2),
        temporal_strides=(1, 1, 2, 1, 1),
    ),
    block=dict(reduction=2, max_displacement=2),
)
MOTION_HEAD = dict(
    type='MotionHierarchyHead',
    flow_channels=(4, 4),
    hidden_channels=8,
    num_steps=2,
    num_positions=4,
)
# What each stage trains, by the beginnings of names
TRAINED = {
    0: (
        'backbone.backbone.stages.0.',
        'backbone.backbone.stages.1.',
        'backbone.motion_blocks.0.reduce',
        'backbone.motion_blocks.0.cost_norm',
        'backbone.motion_blocks.0.combine',
        'motion_head.flow_estimator.',
    ),
    1: (
        'backbone.backbone.stages.2.',
        'backbone.motion_blocks.0.fuse',
        'backbone.motion_blocks.1.reduce',
        'backbone.motion_blocks.1.cost_norm',
        'backbone.motion_blocks.1.combine',
        'motion_head.predictors.1.',
    ),
    2: (
        'backbone.backbone.stages.3.',
        'backbone.motion_blocks.1.fuse',
        'backbone.motion_blocks.2.reduce',
        'backbone.motion_blocks.2.cost_norm',
        'backbone.motion_blocks.2.combine',
        'motion_head.predictors.2.',
    ),
}


def pretrainer_config(level, **options):
    cfg = dict(
        type='MotionPretrainer',
        backbone=BACKBONE,
        motion_head=MOTION_HEAD,
        level=level,
    )
    return copy.deepcopy({**cfg, **options})


def recognizer_config(**options):
    cfg = dict(
        type='MotionRecognizer',
        backbone=BACKBONE,
        motion_head=MOTION_HEAD,
        cls_head=dict(
            type='LinearClsHead', num_classes=3, in_channels=16, topk=(1,)
        ),
        data_preprocessor=dict(type='ClipDataPreprocessor'),
    )
    return copy.deepcopy({**cfg, **options})


def build(cfg):
    torch.manual_seed(0)
    return MODELS.build(copy.deepcopy(cfg))


def clip_batch(videos=3, clips=1, seed=0):
    """A batch as a loader gives it: uint8 clips and labels."""
    generator = torch.Generator().manual_seed(seed)
    shape = (videos, clips, 3, FRAMES, SIZE, SIZE)
    inputs = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    samples = [ActionDataSample().set_gt_label(i % 3) for i in range(videos)]
    return dict(inputs=[*inputs], data_samples=samples)


class ClipDataset(Dataset):
    """Eight made videos of one clip."""

    def __init__(self):
        batch = clip_batch(8, seed=1)
        self.videos = [
            dict(inputs=inputs, data_samples=sample)
            for inputs, sample in zip(batch['inputs'], batch['data_samples'])
        ]

    def __len__(self):
        return len(self.videos)

    def __getitem__(self, index):
        return copy.deepcopy(self.videos[index])

"""Toy videos, a config and a checkpoint, for tests of the tools."""

from __future__ import annotations

import importlib.util

import torch
from config_files import ROOT
from encoded_video import encode

from vsslcodebase.registry import MODELS

CONFIG = """
_base_ = ['{root}/configs/_base_/default_runtime.py']
pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', clip_len=4, num_clips=2),
    dict(type='DecodeClips'),
    dict(type='PerClip', transforms=[
        dict(type='Resize', scale=(16, 16), keep_ratio=False)]),
    dict(type='PackClips')]
dataset = dict(
    type='VideoListDataset',
    ann_file='{folder}/test.txt',
    data_prefix=dict(video='{folder}'),
    test_mode=True,
    serialize_data=False,
    pipeline=pipeline)
test_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dataset)
gallery = dict(test_dataloader)
gallery['dataset'] = dict(dataset, ann_file='{folder}/train.txt')
test_evaluator = [
    dict(type='VideoRetrievalMetric', gallery=gallery, layer='p5',
         topk=(1, 2, 3), progress=False),
    dict(type='VideoRetrievalMetric', gallery=gallery, layer='stages.0',
         prefix='first', topk=(1, 2, 3), progress=False),
    dict(type='KNNMetric', gallery=gallery, layer='p5', k=(1, 3),
         temperature=0.1, progress=False)]
test_cfg = dict(type='TestLoop')
model = dict(
    type='FeatureTrunk',
    backbone=dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2)))
"""
LABELS = {'train': (0, 1, 2, 0, 1), 'test': (0, 1, 2)}


def load_tool(name):
    """Import a tool, as 'analysis/retrieval'."""
    spec = importlib.util.spec_from_file_location(
        name.replace('/', '_'), ROOT / 'tools' / f'{name}.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_project(folder):
    """Write eight videos, their lists, a config and a checkpoint."""
    number = 0
    for split, labels in LABELS.items():
        lines = []
        for label in labels:
            name = f'{split}_{number}.mp4'
            encode(folder / name, num_frames=9 + number, size=(32, 48))
            lines.append(f'{name} {label}')
            number += 1
        (folder / f'{split}.txt').write_text('\n'.join(lines))
    text = CONFIG.format(root=ROOT, folder=folder)
    (folder / 'retrieve.py').write_text(text)
    torch.manual_seed(0)
    trunk = MODELS.build(
        dict(
            type='vsslcodebase.VideoSelfSupervisor',
            backbone=dict(
                type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2)
            ),
            neck=dict(type='ProjectionNeck', in_channels=6),
            head=dict(type='ContrastiveHead'),
        )
    )
    torch.save(dict(state_dict=trunk.state_dict()), folder / 'method.pth')

"""A tiny experiment: twelve videos, a network of some hundred weights."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from encoded_video import encode
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

from vsslcodebase.engine.arguments import parse_train
from vsslcodebase.engine.launch import run_train

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

CONFIG = """
_base_ = ['{root}/configs/_base_/default_runtime.py']
custom_imports = dict(imports=['vsslcodebase', 'toys'])
pipeline = [
    dict(type='OpenVideo'),
    dict(
        type='SampleSeparatedClips',
        clip_len=4,
        num_clips=2,
        sort_by_time=True),
    dict(type='DecodeClips'),
    dict(
        type='PerClip',
        transforms=[
            dict(type='ClipRandomResizedCrop', size=16),
            dict(type='ClipFlip')]),
    dict(type='PackClips')]
dataset = dict(
    type='VideoListDataset',
    ann_file='{videos}/list.txt',
    data_prefix=dict(video='{videos}'),
    pipeline=pipeline)
train_dataloader = dict(
    batch_size=3,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dataset)
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(test_mode=True, **dataset))
val_evaluator = dict(type='PairRelationMetric')
val_cfg = dict(type='ValLoop')
model = dict(
    type='VideoSelfSupervisor',
    backbone=dict(type='SmallR3D', widths=(4, 8)),
    neck=dict(
        type='NoisyNeck',
        in_channels=8,
        hidden_channels=8,
        out_channels=8,
        num_hidden=1),
    head=dict(
        type='CORPFHead',
        in_channels=8,
        relation=dict(
            type='DecouplingAttention',
            num_symmetric=4,
            num_antisymmetric=4)))
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9))
param_scheduler = dict(type='WarmupCosineLR', convert_to_iter_based=True)
train_cfg = dict(type='ResumableTrainLoop', max_epochs=3, val_interval=1)
default_hooks = dict(logger=dict(interval=1))
randomness = dict(seed=1)
"""


@pytest.fixture(scope='session')
def videos(tmp_path_factory):
    """Twelve videos of 20 frames and their list."""
    folder = tmp_path_factory.mktemp('tiny videos')
    for index in range(12):
        encode(folder / f'{index}.mp4', num_frames=20 + index, size=(32, 32))
    lines = [f'{index}.mp4 {index % 3}' for index in range(12)]
    (folder / 'list.txt').write_text('\n'.join(lines))
    return folder


@pytest.fixture(scope='session')
def config(videos, tmp_path_factory):
    """The experiment's config: 3 epochs of 4 iterations."""
    path = tmp_path_factory.mktemp('config') / 'tiny.py'
    path.write_text(CONFIG.format(root=ROOT, videos=videos))
    return path


@pytest.fixture
def run(config, monkeypatch, fresh_mmengine):
    """Train in this process; returns the Runner.

    Another experiment than the usual one is given by its ``path``.
    """
    monkeypatch.syspath_prepend(str(HERE))
    caught = (signal.SIGTERM, signal.SIGINT)
    handlers = [signal.getsignal(number) for number in caught]

    def train(work_dir, *options, path=config, **overrides):
        for manager in (MMLogger, MessageHub, Visualizer, DefaultScope):
            manager._instance_dict.clear()  # two runs in one second
        words = [str(path), '--work-dir', str(work_dir), *options]
        args = parse_train(words)
        args.cfg_options = overrides
        return run_train(args)

    yield train
    for number, handler in zip(caught, handlers):
        signal.signal(number, handler)


@pytest.fixture(scope='session')
def command():
    """Run a command in a process of its own; returns what it left."""

    def start(*words, **environment):
        paths = [str(HERE), os.environ.get('PYTHONPATH', '')]
        return subprocess.run(
            [str(word) for word in words],
            env={
                **os.environ,
                'OMP_NUM_THREADS': '1',
                'PYTHON': sys.executable,
                'PYTHONPATH': os.pathsep.join(filter(None, paths)),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return start

"""Our neck and head in an MMAction2 config, run by MMAction2's train.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mmaction
import numpy as np
import pytest
import torch

from vsslcodebase.datasets.motion_mini.encode import write_video

TRAIN = Path(mmaction.__file__).parent / '.mim' / 'tools' / 'train.py'

CONFIG = """
default_scope = 'mmaction'
custom_imports = dict(imports=['vsslcodebase'])
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCTHW'),
    backbone=dict(
        type='ResNet3d', depth=18, base_channels=2, conv1_kernel=(3, 3, 3)),
    neck=dict(
        type='vsslcodebase.ProjectionNeck',
        in_channels=16,
        hidden_channels=16,
        out_channels=8,
        num_hidden=1),
    cls_head=dict(
        type='vsslcodebase.CORPMHead',
        in_channels=8,
        relation=dict(
            type='DecouplingAttention', num_symmetric=4,
            num_antisymmetric=4)))
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VideoDataset',
        ann_file='{list_file}',
        data_prefix=dict(video='{folder}'),
        pipeline=[
            dict(type='DecordInit'),
            dict(
                type='vsslcodebase.SampleSeparatedClips',
                clip_len=4,
                num_clips=4),
            dict(type='DecordDecode'),
            dict(type='Resize', scale=(32, 32), keep_ratio=False),
            {pack}
        ]))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))
default_hooks = dict(logger=dict(type='LoggerHook', interval=1))
"""

THEIR_PACK = """dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs', algorithm_keys=('clip_start',))"""
OUR_PACK = "dict(type='vsslcodebase.PackClips')"


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Eight videos of 24 frames, grey rising from frame to frame."""
    folder = tmp_path_factory.mktemp('videos')
    lines = []
    for index in range(8):
        frames = np.empty((24, 32, 64, 3), np.uint8)
        frames[:] = 8 * np.arange(24, dtype=np.uint8)[:, None, None, None]
        frames[:, :, : 8 * index] += 40
        write_video(folder / f'{index}.mp4', frames, fps=12)
        lines.append(f'{index}.mp4 {index}')
    (folder / 'list.txt').write_text('\n'.join(lines))
    return folder


def run(videos, tmp_path, pack):
    config = tmp_path / 'corp_m.py'
    config.write_text(
        CONFIG.format(
            list_file=videos / 'list.txt',
            folder=videos,
            pack=pack,
        )
    )
    command = [sys.executable, TRAIN, config, '--work-dir', tmp_path / 'work']
    environment = dict(os.environ, OMP_NUM_THREADS='1')
    return subprocess.run(
        [str(part) for part in command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize('pack', [THEIR_PACK, OUR_PACK], ids=['their', 'our'])
def test_corp_m_trains_in_an_unmodified_recognizer(videos, tmp_path, pack):
    done = run(videos, tmp_path, pack)
    assert done.returncode == 0, done.stderr[-3000:]
    (scalars,) = (tmp_path / 'work').glob('*/vis_data/scalars.json')
    steps = [json.loads(line) for line in scalars.read_text().splitlines()]
    assert len(steps) == 4  # 2 epochs of 8 videos, 4 a step
    for step in steps:
        assert step['loss'] == pytest.approx(step['loss_pair'])
        # three classes: near ln 3 at the start, and finite
        assert 0.5 < step['loss_pair'] < 2.5
        assert 0 <= step['order_acc'] <= 1
    state = torch.load(tmp_path / 'work' / 'epoch_2.pth', weights_only=False)[
        'state_dict'
    ]
    assert state['cls_head.relation.symmetric'].shape == (4, 8)

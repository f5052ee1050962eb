"""The hook in training by mmengine's Runner, which it must not disturb."""

from __future__ import annotations

import json

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from vsslcodebase.engine.hooks import HealthHook
from vsslcodebase.registry import MODELS


class Clips(Dataset):
    """Sixteen videos of two clips of noise, the same every time."""

    def __len__(self):
        return 16

    def __getitem__(self, index):
        clips = torch.randn(
            2, 3, 4, 16, 16, generator=torch.Generator().manual_seed(index)
        )
        return dict(
            inputs=(120 + 40 * clips).clamp(0, 255).to(torch.uint8),
            data_samples=ActionDataSample(),
        )


SIMCLR = dict(
    type='vsslcodebase.VideoSelfSupervisor',
    backbone=dict(type='vsslcodebase.SmallR3D', widths=(4, 8)),
    neck=dict(
        type='vsslcodebase.ProjectionNeck',
        in_channels=8,
        hidden_channels=8,
        out_channels=8,
        num_hidden=1,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(type='vsslcodebase.ContrastiveHead'),
)


@MODELS.register_module(force=True)
class PullHead(nn.Module):
    """Pulls all embeddings together; nothing keeps them apart."""

    def loss(self, embeddings, data_samples):
        return dict(loss_pull=embeddings.var(dim=0).sum())


def train(
    work_dir, hooks, model=SIMCLR, clips=Clips, epochs=3, **optim_wrapper
):
    runner = Runner(
        model=model,
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=clips(),
            batch_size=8,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=True),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9), **optim_wrapper
        ),
        custom_hooks=hooks,
        default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
        randomness=dict(seed=3),
        experiment_name=str(work_dir.name),
        default_scope='vsslcodebase',
    )
    runner.train()
    return runner


@pytest.mark.parametrize(
    'optim_wrapper',
    [
        dict(type='OptimWrapper'),
        dict(type='OptimWrapper', accumulative_counts=2),
        dict(type='vsslcodebase.AutocastOptimWrapper'),
    ],
    ids=['plain', 'accumulation', 'bfloat16'],
)
def test_training_is_the_same_to_the_bit(tmp_path, optim_wrapper):
    plain = train(tmp_path / 'plain', [], **optim_wrapper)
    hook = HealthHook(interval=2, picture_every=1, keep_pictures=1)
    watched = train(tmp_path / 'watched', [hook], **optim_wrapper)
    for name, value in plain.model.state_dict().items():
        assert torch.equal(value, watched.model.state_dict()[name]), name
    lines = [
        json.loads(line)
        for file in (tmp_path / 'watched').rglob('scalars.json')
        for line in file.read_text().splitlines()
    ]
    measured = {row['step']: row for row in lines if 'health/spread' in row}
    assert sorted(measured) == [2, 4, 6]
    # the step's own embeddings: its head has measured their spread as well
    for row in lines:
        if row['step'] in measured and 'embedding_std' in row:
            spread = measured[row['step']]['health/spread']
            assert spread == pytest.approx(row['embedding_std'], rel=1e-4)
    pictures = (tmp_path / 'watched' / 'health').iterdir()
    assert [path.name for path in pictures] == ['similarities_6.png']


class Twins(Clips):
    """Videos whose clips are equal."""

    def __getitem__(self, index):
        sample = super().__getitem__(index)
        sample['inputs'] = sample['inputs'][:1].repeat(2, 1, 1, 1, 1)
        return sample


@pytest.mark.parametrize('groups', [1, 2])
@pytest.mark.parametrize('sequential', [False, True])
def test_clips_of_a_video_are_found_in_every_order(
    tmp_path, sequential, groups
):
    model = dict(
        {name: SIMCLR[name] for name in ('backbone', 'neck')},
        type='vsslcodebase.MoCo',
        in_channels=8,
        queue_size=32,
        bn_groups=groups,
        sequential=sequential,
    )
    hook = HealthHook(interval=2, picture_every=0)
    train(tmp_path / 'run', [hook], model, Twins, type='OptimWrapper')
    lines = [
        json.loads(line)
        for file in tmp_path.rglob('scalars.json')
        for line in file.read_text().splitlines()
    ]
    measured = [row for row in lines if 'health/spread' in row]
    assert len(measured) == 3
    for row in measured:
        assert row['health/positive_similarity'] == pytest.approx(1, abs=1e-5)
        assert row['health/negative_similarity'] < 0.99


def test_a_network_that_collapses_is_warned_of_once(tmp_path):
    neck = dict(SIMCLR['neck'], norm_cfg=None)
    model = dict(SIMCLR, head=dict(type='PullHead'), neck=neck)
    hook = HealthHook(interval=5, picture_every=0)
    train(tmp_path / 'run', [hook], model, epochs=30, type='OptimWrapper')
    (log,) = (tmp_path / 'run').glob('*/*.log')
    said = [line for line in log.read_text().splitlines() if 'WARN' in line]
    assert sum('collapsed to one point' in line for line in said) == 1

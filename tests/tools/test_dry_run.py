from __future__ import annotations

import sys

import pytest
import torch
from config_files import CONFIGS, load, tool
from mmaction.structures import ActionDataSample
from mmengine.model import revert_sync_batchnorm
from torch import nn

from vsslcodebase.engine.preflight import UsageError

CORP_M = CONFIGS / 'corp' / 'corp_m_r3d50_ssv2.py'
LINEAR = CONFIGS / 'eval' / 'linear' / 'linear_r3d50_ssv2.py'
LTN = CONFIGS / 'ltn' / 'ltn_moco-rho4_slow50_smarthome.py'
MINI_MOCO = CONFIGS / 'mini' / 'moco_rho2_smallr3d_motion-mini.py'
MINI_SWAV = CONFIGS / 'mini' / 'swav_rho2_smallr3d_motion-mini.py'


def run(
    monkeypatch, capsys, path, *words: str
) -> tuple[int, dict[str, str], str]:
    """Exit status, lines by their first word, and all that was printed."""
    monkeypatch.setattr(sys, 'argv', ['dry_run.py', str(path), *words])
    status = tool('dry_run').main()
    text = capsys.readouterr().out
    lines = [line for line in text.splitlines() if line]
    return status, {line.split()[0]: line for line in lines}, text


def test_every_step_is_printed_with_its_shape(monkeypatch, capsys):
    status, lines, text = run(
        monkeypatch, capsys, CORP_M, '--size', '32', '--width', '4'
    )
    assert status == 0
    assert 'total_frames 48' in lines['open']
    assert 'frame_inds (64,)' in lines['sample']
    assert 'nothing yet' in lines['decode']
    assert 'clips (4, 3, 16, 32, 32) uint8' in lines['augment']
    assert 'inputs (4, 3, 16, 32, 32) uint8' in lines['pack']
    assert 'inputs (2, 4, 3, 16, 32, 32) float32' in lines['preprocess']
    assert '(8, 128, 8, 1, 1)' in text  # 8 clips, 32 times the width
    assert 'order_acc' in text
    assert 'every trained parameter gets a gradient' in text


def test_frozen_parts_are_counted_as_not_trained(monkeypatch, capsys):
    _, lines, _ = run(
        monkeypatch, capsys, LINEAR, '--size', '32', '--width', '4'
    )
    assert '32 x (128, 128, 3) uint8' in lines['decode']
    assert '32 x (32, 32, 3) uint8' in lines['augment']
    classifier = f'{128 * 174 + 174:,}'
    assert lines['backbone'].split()[-1] == '0'
    assert lines['cls_head'].split()[1:] == [classifier, classifier]
    assert lines['total'].split()[-1] == classifier


def test_a_trunk_with_a_queue_learns_in_the_step_that_is_shown(
    monkeypatch, capsys
):
    """Its first step has no negatives; and clips pass one after another."""
    status, lines, text = run(
        monkeypatch, capsys, LTN, '--size', '32', '--width', '4'
    )
    assert status == 0
    assert text.count('VideoResNet3d ') == 1  # four calls, one row
    assert 'TimeNavigationNeck      (2, 128) float32' in text
    assert 'queue_age 1.0000' in lines['trunk']
    assert lines['momentum_encoder'].split()[-1] == '0'
    assert 'every trained parameter gets a gradient' in text


def test_there_is_a_video_for_each_group_of_batchnorm(monkeypatch, capsys):
    status, lines, _ = run(monkeypatch, capsys, MINI_MOCO, '--size', '16')
    assert status == 0
    assert 'inputs (4, 2, 3, 8, 16, 16) float32' in lines['preprocess']


def test_parameters_of_the_trunk_itself_are_counted(monkeypatch, capsys):
    _, lines, _ = run(monkeypatch, capsys, MINI_SWAV, '--size', '16')
    prototypes = f'{16 * 64:,}'
    assert lines['prototypes'].split()[1:] == [prototypes, prototypes]


def test_the_head_follows_the_width_where_the_neck_has_none():
    """A pace head reads the maps themselves, averaged."""
    model = dict(
        backbone=dict(type='VideoResNet3d', depth=18, pretrained=None),
        neck=dict(type='PoolNeck'),
        head=dict(type='PaceHead', in_channels=512),
    )
    tool('dry_run').set_width(model, 4)
    assert model['neck'] == dict(type='PoolNeck')
    assert model['head']['in_channels'] == 4 * 8


def test_parameter_that_nothing_uses_is_named():
    dry_run = tool('dry_run')
    cfg = load(CORP_M).model
    dry_run.set_width(cfg, 4)
    model = revert_sync_batchnorm(dry_run.build_untrained(cfg))
    model.forgotten = nn.Linear(2, 2, bias=False)
    starts = torch.tensor([3, 0, 9, 5])
    samples = [ActionDataSample() for _ in range(2)]
    for sample in samples:
        sample.set_field(starts, 'clip_start')
    batch = dict(
        inputs=[torch.randint(256, (4, 3, 8, 16, 16)) for _ in range(2)],
        data_samples=samples,
    )
    idle, _ = dry_run.walk_model(model, batch)
    assert idle == ['forgotten.weight']


@pytest.mark.parametrize(
    ('part', 'missing'),
    [
        ('datasets/k400.py', 'no model;'),
        ('backbones/r3d50.py', 'no model, train_dataloader;'),
    ],
)
def test_a_part_of_configs_is_refused(monkeypatch, capsys, part, missing):
    with pytest.raises(UsageError, match=f'{missing} it is a part of others'):
        run(monkeypatch, capsys, CONFIGS / '_base_' / part)


def test_width_needs_a_backbone_that_has_one():
    model = dict(backbone=dict(type='SmallR3D'), neck=dict(in_channels=1))
    with pytest.raises(UsageError, match='base_channels'):
        tool('dry_run').set_width(model, 4)


def test_motion_blocks_learn_in_the_step_that_is_shown(monkeypatch, capsys):
    """Though their last scale starts at zero; and they follow --width."""
    path = CONFIGS / 'hcml' / 'hcml_joint_r2d50_ucf101.py'
    status, lines, _ = run(
        monkeypatch, capsys, path, '--size', '112', '--width', '4'
    )
    assert status == 0
    assert 'loss_motion2' in lines['head']
    assert lines['total'].split()[1] == lines['total'].split()[2]


def test_a_level_is_shown_with_its_head(monkeypatch, capsys):
    path = CONFIGS / 'hcml' / 'hcml_r2d50_ucf101.py'
    status, lines, _ = run(
        monkeypatch, capsys, path, '--size', '112', '--width', '4'
    )
    assert status == 0
    assert 'MotionHierarchyHead' in lines['head']
    assert 'loss_reconstruct' in lines['head']

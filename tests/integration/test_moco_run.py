"""MoCo in a Runner: resumed bit for bit, and evaluated by what there is."""

import signal
import sys

import numpy as np
import pytest
import torch
from config_files import tool
from resuming import same, stop_at

from vsslcodebase.compat import load_checkpoint
from vsslcodebase.evaluation import open_features
from vsslcodebase.models.backbones import SmallR3D

pytestmark = pytest.mark.slow

# 6 keys a step do not divide the queue; 3 groups are shuffled; noise is drawn
MOCO = """
_base_ = ['{config}']
model = dict(
    _delete_=True,
    type='MoCo',
    backbone=dict(type='SmallR3D', widths=(4, 8)),
    neck=dict(
        type='NoisyNeck',
        in_channels=8,
        hidden_channels=8,
        out_channels=8,
        num_hidden=1,
        norm_cfg=dict(type='BN1d')),
    in_channels=8,
    queue_size=16,
    momentum=0.9,
    bn_groups=3)
test_dataloader = _base_.val_dataloader
test_evaluator = dict(type='PairRelationMetric')
test_cfg = dict(type='TestLoop')
"""
LOGGED = ('loss', 'lr', 'momentum', 'queue_age', 'contrast_acc')


@pytest.fixture(scope='module')
def moco(config, tmp_path_factory):
    """The experiment's config: 3 epochs of 4 iterations."""
    path = tmp_path_factory.mktemp('moco') / 'moco.py'
    path.write_text(MOCO.format(config=config))
    return path


def logged(checkpoint):
    scalars = checkpoint['message_hub']['log_scalars']
    return {n: scalars[f'train/{n}'].data[0].tolist() for n in LOGGED}


# torch warns of a schedule that goes on while gradients are accumulated
@pytest.mark.filterwarnings('ignore:Detected call of')
@pytest.mark.parametrize(
    ('accumulated', 'iteration'),  # the last before the signal, from 0
    [(1, 2), (1, 6), (2, 5)],
)
def test_a_resumed_run_ends_as_if_it_had_not_been_stopped(
    run, moco, tmp_path, accumulated, iteration
):
    options = {'optim_wrapper.accumulative_counts': accumulated}
    run(tmp_path / 'whole', path=moco, **options)
    whole = load_checkpoint(tmp_path / 'whole' / 'epoch_3.pth')
    cut = tmp_path / 'cut'
    stop = stop_at(signal.SIGTERM, iteration=iteration)
    with pytest.raises(SystemExit):
        run(cut, path=moco, **options, **stop)
    saved = load_checkpoint(cut / 'interrupted.pth')['state_dict']
    assert saved['queue.step'] == iteration + 1
    assert saved['queue.pointer'] == 6 * (iteration + 1) % 16
    run(cut, '--resume', path=moco, **options)
    resumed = load_checkpoint(cut / 'epoch_3.pth')
    for key in ('state_dict', 'optimizer', 'param_schedulers'):
        same(resumed[key], whole[key])
    assert logged(resumed) == logged(whole)
    rises = 1 - 0.1 * (1 + np.cos(np.pi * np.arange(12) / 12)) / 2
    assert logged(whole)['momentum'] == pytest.approx(rises)


def test_its_checkpoint_is_evaluated_with_the_online_backbone(
    run, moco, tmp_path, monkeypatch
):
    run(tmp_path, path=moco)
    checkpoint = tmp_path / 'epoch_3.pth'
    state = load_checkpoint(checkpoint)['state_dict']
    backbone = SmallR3D(
        widths=(4, 8),
        init_cfg=dict(
            type='Pretrained', checkpoint=str(checkpoint), prefix='backbone.'
        ),
    )
    backbone.init_weights()
    copied = 0
    for name, value in backbone.state_dict().items():
        assert torch.equal(value, state[f'backbone.{name}']), name
        slow = state[f'momentum_encoder.backbone.{name}']
        copied += not torch.equal(value, slow)
    assert copied > 4

    out = tmp_path / 'features'
    words = [moco, checkpoint, '--split', 'test', '--out', out]
    monkeypatch.setattr(sys, 'argv', ['', *map(str, words)])
    tool('extract_features').main()
    features = open_features(out / 'test.npy').videos.features
    assert features.shape[0] == 12
    assert np.isfinite(features).all()
    assert features.std(0).max() > 0

"""Pre-train, fit a linear classifier on the frozen network, test it."""

import pickle
from pathlib import Path

import pytest
import torch

from vsslcodebase.compat import CheckpointError, load_checkpoint
from vsslcodebase.engine import launch
from vsslcodebase.engine.arguments import parse_test, parse_train

pytestmark = pytest.mark.slow

LINEAR = """
_base_ = ['{config}']
pipeline = [
    _base_.pipeline[0],
    dict(type='SampleSeparatedClips', clip_len=4, num_clips=1),
    *_base_.pipeline[2:]]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
val_dataloader = dict(dataset=dict(pipeline=pipeline))
model = dict(
    _delete_=True,
    type='Recognizer3D',
    data_preprocessor=dict(type='ClipDataPreprocessor'),
    backbone=dict(
        type='SmallR3D',
        widths=(4, 8),
        frozen=True,
        init_cfg=dict(
            type='Pretrained', checkpoint=None, prefix='backbone.')),
    cls_head=dict(type='LinearClsHead', num_classes=3, in_channels=8))
train_cfg = dict(max_epochs=2)
val_evaluator = dict(_delete_=True, type='AccMetric')
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(_base_.dataset, test_mode=True, pipeline=pipeline))
test_evaluator = dict(type='AccMetric')
test_cfg = dict(type='TestLoop')
"""
KEY = 'model.backbone.init_cfg.checkpoint'


@pytest.fixture
def linear_config(config, tmp_path):
    path = tmp_path / 'linear.py'
    path.write_text(LINEAR.format(config=config))
    return path


@pytest.fixture
def pretrained(run, tmp_path):
    run(tmp_path / 'pretrain', **{'train_cfg.max_epochs': 1})
    return tmp_path / 'pretrain' / 'epoch_1.pth'


def log_text(folder):
    return ''.join(path.read_text() for path in Path(folder).glob('*/*.log'))


def test_from_pretraining_to_a_tested_classifier(
    pretrained, linear_config, tmp_path
):
    words = [str(linear_config), '--work-dir', str(tmp_path / 'linear')]
    option = f'{KEY}={pretrained}'
    launch.run_train(parse_train([*words, '--cfg-options', option]))
    source = load_checkpoint(pretrained)['state_dict']
    checkpoint = tmp_path / 'linear' / 'epoch_2.pth'
    final = load_checkpoint(checkpoint)['state_dict']
    backbone = [name for name in final if name.startswith('backbone.')]
    assert len(backbone) > 6
    for name in backbone:  # running statistics included
        assert torch.equal(final[name], source[name]), name

    dump = tmp_path / 'scores.pkl'
    metrics = launch.run_test(
        parse_test(
            [
                *(str(linear_config), str(checkpoint)),
                *('--work-dir', str(tmp_path / 'test'), '--dump', str(dump)),
            ]
        )
    )
    with open(dump, 'rb') as file:
        predictions = pickle.load(file)
    hits = [
        int(p['pred_score'].argmax()) == int(p['gt_label'])
        for p in predictions
    ]
    assert len(hits) == 12
    assert metrics['acc/top1'] == pytest.approx(sum(hits) / 12)
    assert f'acc/top1: {metrics["acc/top1"]:.4f}' in log_text(
        tmp_path / 'linear'
    )  # the last validation


def test_nothing_named_is_an_error_and_none_is_a_choice(
    linear_config, tmp_path, capsys
):
    words = [str(linear_config), '--work-dir', str(tmp_path / 'linear')]
    with pytest.raises(SystemExit) as stop:
        launch.main_train(words)
    assert stop.value.code == 2
    assert f'{KEY}=FILE' in capsys.readouterr().err
    option = ('--cfg-options', 'model.backbone.init_cfg=None')
    launch.main_train([*words, *option, 'train_cfg.max_epochs=1'])
    assert 'SmallR3D is frozen with random weights' in log_text(
        tmp_path / 'linear'
    )


def test_the_wrong_checkpoint_is_not_tested(
    pretrained, linear_config, tmp_path
):
    words = [str(linear_config), str(pretrained)]
    args = parse_test([*words, '--work-dir', str(tmp_path / 'test')])
    with pytest.raises(CheckpointError, match=r'Missing: cls_head\.'):
        launch.run_test(args)


def test_without_a_checkpoint_the_pretrained_part_is_loaded(
    pretrained, linear_config, tmp_path, monkeypatch
):
    built = []
    original = launch._build

    def keep(*args, **kwargs):
        built.append(original(*args, **kwargs))
        return built[0]

    monkeypatch.setattr(launch, '_build', keep)
    words = [str(linear_config), '--work-dir', str(tmp_path / 'test')]
    option = f'{KEY}={pretrained}'
    launch.run_test(parse_test([*words, '--cfg-options', option]))
    source = load_checkpoint(pretrained)['state_dict']
    for name, value in built[0].model.backbone.state_dict().items():
        assert torch.equal(value, source[f'backbone.{name}']), name


def test_accumulated_gradients_are_called_what_they_are(run, tmp_path):
    runner = run(
        tmp_path,
        **{
            'optim_wrapper.accumulative_counts': 2,
            'train_cfg.max_epochs': 1,
        },
    )
    assert runner.iter == 4
    assert 'accumulative_counts=2: the optimizer averages 2' in log_text(
        tmp_path
    )

"""Overrides: what is known is written, what is not is refused by name."""

import argparse

import pytest
from mmengine.config import Config

from vsslcodebase.engine.overrides import (
    OverrideAction,
    OverrideError,
    apply_overrides,
)


@pytest.fixture
def cfg():
    pipeline = [
        dict(type='OpenVideo'),
        dict(type='SampleSeparatedClips', clip_len=16, num_clips=4),
    ]
    loader = dict(
        batch_size=8,
        num_workers=2,
        dataset=dict(
            type='VideoListDataset',
            ann_file='train.txt',
            data_prefix=dict(video='videos'),
            pipeline=pipeline,
        ),
    )
    return Config(
        dict(
            model=dict(
                type='VideoSelfSupervisor',
                backbone=dict(
                    type='VideoResNet3d',
                    depth=50,
                    init_cfg=dict(type='Pretrained', checkpoint=None),
                ),
                head=dict(type='CORPMHead', relation=None),
            ),
            train_dataloader=loader,
            val_dataloader=loader,
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=200),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            param_scheduler=dict(type='WarmupCosineLR', warmup_ratio=0.05),
            auto_scale_lr=dict(base_batch_size=64),
            default_hooks=dict(logger=dict(type='LoggerHook', interval=20)),
            betas=(0.9, 0.95),
            custom_hooks=None,
        )
    )


def value(cfg, key):
    node = cfg
    for part in key.split('.'):
        node = node[int(part)] if isinstance(node, list) else node[part]
    return node


@pytest.mark.parametrize(
    ('key', 'new'),
    [
        ('train_cfg.max_epochs', 2),  # in the config
        ('train_dataloader.dataset.pipeline.1.num_clips', 3),  # in a list
        ('train_dataloader.dataset.num_repeats', 10),  # an argument
        ('train_dataloader.dataset.test_mode', True),  # of a parent: data_root
        ('train_dataloader.dataset.data_root', 'data'),  # through **kwargs
        ('train_dataloader.prefetch_factor', 4),  # of torch's DataLoader
        ('train_dataloader.sampler.type', 'DefaultSampler'),  # absent so far
        ('model.backbone.init_cfg.checkpoint', 'a.pth'),
        ('model.backbone.init_cfg.prefix', 'backbone.'),
        ('model.backbone.init_cfg', None),
        ('model.backbone.base_channels', 8),  # of MMAction2's parent class
        ('optim_wrapper.accumulative_counts', 4),  # of the default type
        ('optim_wrapper.optimizer.momentum', 0.9),
        ('optim_wrapper.clip_grad.max_norm', 1.0),
        ('param_scheduler.convert_to_iter_based', True),
        ('default_hooks.logger.priority', 'LOW'),
        ('auto_scale_lr.enable', True),
        ('randomness.seed', 3),  # absent so far
        ('find_unused_parameters', True),
        ('work_dir', 'here'),
    ],
)
def test_known_keys_are_written(cfg, key, new):
    apply_overrides(cfg, {key: new})
    assert value(cfg, key) == new


def test_nothing_is_guessed_where_nothing_is_alike(cfg):
    with pytest.raises(OverrideError) as error:
        apply_overrides(cfg, {'model.head.temprature': 1})
    assert 'did you mean' not in str(error.value)


@pytest.mark.parametrize(
    ('key', 'nearest'),
    [
        ('train_cfg.max_epoch', 'train_cfg.max_epochs'),
        ('modle.head.type', 'model.head.type'),
        (
            'train_dataloader.dataset.pipeline.1.num_clip',
            'train_dataloader.dataset.pipeline.1.num_clips',
        ),
        ('max_epochs', 'train_cfg.max_epochs'),  # at the wrong place
        ('optimizer.lr', 'optim_wrapper.optimizer.lr'),
        (
            'model.backbone.init_cfg.chekpoint',
            'model.backbone.init_cfg.checkpoint',
        ),
        ('optim_wrapper.optimizer.learning_rate', 'lr'),
        ('model.head.num_layer', 'model.head.num_layers'),
        ('model.head.temperature', ''),  # of another head
    ],
)
def test_unknown_keys_are_refused_with_the_nearest(cfg, key, nearest):
    before = cfg.pretty_text
    with pytest.raises(OverrideError) as error:
        apply_overrides(cfg, {'train_cfg.max_epochs': 3, key: 1})
    assert f'unknown key {key}' in str(error.value)
    assert nearest in str(error.value)
    assert cfg.pretty_text == before  # all or none


@pytest.mark.parametrize(
    ('key', 'message'),
    [
        ('train_dataloader.dataset.pipeline.2.size', 'a list of 2'),
        ('train_dataloader.dataset.pipeline.num_clips', 'from 0 to 1'),
        ('train_cfg.max_epochs.value', 'is 200 and has no keys'),
        ('betas.0', 'a tuple, set it as a whole'),
        ('model.head.relation.num_heads', 'unknown key'),  # of which type?
    ],
)
def test_impossible_paths_are_explained(cfg, key, message):
    with pytest.raises(OverrideError, match=message):
        apply_overrides(cfg, {key: 1})


def test_a_type_given_beside_them_makes_arguments_known(cfg):
    options = {
        'model.head.relation.type': 'MixedAttention',
        'model.head.relation.num_heads': 64,
    }
    apply_overrides(cfg, options)
    assert cfg.model.head.relation == dict(type='MixedAttention', num_heads=64)


def test_dataloaders_written_once_are_overridden_one_by_one(cfg):
    apply_overrides(cfg, {'val_dataloader.dataset.pipeline.1.clip_len': 8})
    assert cfg.val_dataloader.dataset.pipeline[1].clip_len == 8
    assert cfg.train_dataloader.dataset.pipeline[1].clip_len == 16


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('a=1', 1),
        ('a=1e-3', 1e-3),
        ('a=true', True),
        ('a=None', None),
        ('a=[1,2]', [1, 2]),
        ('a=1,2', [1, 2]),
        ('a=(0.3, 1)', (0.3, 1)),
        ('a=my videos/list.txt', 'my videos/list.txt'),
        ('a=left=right', 'left=right'),
    ],
)
def test_values_are_parsed(text, expected):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=OverrideAction)
    parsed = parser.parse_args(['--cfg-options', text]).cfg_options
    assert parsed == dict(a=expected)

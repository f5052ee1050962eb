"""HCML's recipe (appendix B.2), the rows of Table 2, and a step of each."""

from __future__ import annotations

import pytest
import torch
from config_files import (
    CONFIGS,
    HCML_BACKBONES,
    HCML_CONFIGS,
    HCML_EVALUATIONS,
    HCML_JOINT,
    HCML_LEVELS,
    backbone_of,
    load,
    name_of,
    tool,
)
from small_jobs import small_job, take_step
from torch import nn

from vsslcodebase.engine.stages import read_stages
from vsslcodebase.registry import METRICS, MODELS

DATA = ('k400', 'ssv1', 'ssv2', 'ucf101')
WITH_LABELS = HCML_JOINT + HCML_EVALUATIONS
SUPERVISED = CONFIGS / 'eval' / 'supervised'
# small frames have small maps
OPTIONS = {
    'model.backbone.block.max_displacement': 1,
    'model.backbone.block.stride': 1,
    'train_dataloader.dataset.pipeline.1.clip_len': 16,
}


def data_of(path) -> str:
    return path.stem.split('_')[-1]


@pytest.mark.parametrize('path', HCML_CONFIGS + HCML_EVALUATIONS, ids=name_of)
def test_recipe_is_that_of_the_appendix(path):
    cfg = load(path)
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.momentum) == ('SGD', 0.9)
    assert optimizer.weight_decay == 1e-4
    assert not optimizer.get('nesterov', False)
    assert cfg.optim_wrapper.paramwise_cfg.norm_decay_mult == 0
    (schedule,) = cfg.param_scheduler
    assert schedule.type == 'WarmupCosineLR'
    epochs, warmup = dict(
        k400=(200, 40), ssv1=(150, 50), ssv2=(150, 50), ucf101=(80, 10)
    )[data_of(path)]
    if path in HCML_LEVELS:
        epochs, warmup = 80, 10
    assert cfg.train_cfg.max_epochs == epochs
    assert schedule.warmup_ratio == pytest.approx(warmup / epochs)
    assert cfg.train_dataloader.batch_size == 8
    rate = 0.0025 * cfg.auto_scale_lr.base_batch_size / 8
    if path in WITH_LABELS and data_of(path) == 'ucf101':
        rate = 0.01
        assert cfg.auto_scale_lr.base_batch_size == 16
    assert optimizer.lr == pytest.approx(rate)


@pytest.mark.parametrize('path', HCML_CONFIGS + HCML_EVALUATIONS, ids=name_of)
def test_clips_and_scales_are_those_of_network_and_data(path):
    cfg = load(path)
    small, ssv = backbone_of(path) == 'r2d50', data_of(path)[:3] == 'ssv'
    wanted = (16 if small and not ssv else 32, 1 if ssv else 2)
    for split in ('train', 'val', 'test'):
        sampler = cfg[f'{split}_dataloader'].dataset.pipeline[1]
        assert (sampler.clip_len, sampler.frame_interval) == wanted
    crop = cfg.train_dataloader.dataset.pipeline[3].transforms[0]
    assert crop.scale_range == (256, 320 if small else 340)


@pytest.mark.parametrize('path', HCML_CONFIGS + HCML_EVALUATIONS, ids=name_of)
def test_norms_are_of_all_gpus_without_labels_and_of_each_with(path):
    with torch.device('meta'):
        network = MODELS.build(load(path).model).backbone
    norms = [
        module
        for module in network.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
    ]
    assert len(norms) > 50
    synchronised = {isinstance(norm, nn.SyncBatchNorm) for norm in norms}
    assert synchronised == {path in HCML_LEVELS}


@pytest.mark.parametrize('network', HCML_BACKBONES)
@pytest.mark.parametrize('data', DATA)
def test_rows_of_table_2_add_one_thing_each(network, data):
    base, blocks, joint = (
        load(CONFIGS / folder / f'{what}_{network}_{data}.py').to_dict()
        for folder, what in (
            ('eval/supervised', 'supervised'),
            ('eval/supervised', 'supervised-motion'),
            ('hcml', 'hcml_joint'),
        )
    )
    backbone = blocks['model']['backbone']
    assert backbone.pop('type') == 'MotionResNet3d'
    assert backbone.pop('backbone') == base['model']['backbone']
    assert joint['model'].pop('type') == 'MotionRecognizer'
    head = joint['model'].pop('motion_head')
    assert head['loss_weights'] == (15.0, 0.25, 0.25)
    for cfg in (base, blocks, joint):
        cfg['model'].pop('backbone')
        cfg['model'].pop('type', None)
        for key in ('motion_blocks', 'motion_head', 'levels', 'stages'):
            cfg.pop(key, None)
    assert joint.pop('partial_load')
    assert not base.pop('partial_load')
    assert not blocks.pop('partial_load')
    assert base == blocks == joint


@pytest.mark.parametrize('path', HCML_JOINT, ids=name_of)
def test_joint_training_has_the_levels_of_its_network_and_data(path):
    *levels, joint = load(path).stages
    theirs = path.with_name(path.name.replace('_joint', ''))
    assert {stage.config for stage in levels} == {theirs.name}
    assert [
        dict(name=stage.name, options=stage.options) for stage in levels
    ] == [stage.to_dict() for stage in load(theirs).stages]
    assert joint.to_dict() == dict(name='joint')


def test_stages_can_load_each_other(tmp_path):
    path = CONFIGS / 'hcml' / 'hcml_joint_r2d50_ucf101.py'
    cfg = tool('train_stages').load_config(str(path))
    stages = read_stages(cfg, tmp_path)
    keys = []
    for number, stage in enumerate(stages):
        assert stage.cfg.model.get('level', 3) == number
        with torch.device('meta'):
            model = MODELS.build(stage.cfg.model)
        keys.append({key for key, _ in model.named_parameters()})
    assert keys[0] == keys[1] == keys[2]
    classifier = {'cls_head.fc_cls.weight', 'cls_head.fc_cls.bias'}
    assert keys[3] == keys[2] | classifier


@pytest.mark.parametrize('level', [0, 1, 2])
@pytest.mark.parametrize('network', HCML_BACKBONES)
def test_step_of_a_level_trains_that_level(network, level, tmp_path):
    path = CONFIGS / 'hcml' / f'hcml_{network}_k400.py'
    options = {'model.level': level, **OPTIONS}
    model, wrapper, batch = small_job(path, tmp_path, **options)
    tool('dry_run').open_zero_scales(model)
    losses, moved = take_step(model, wrapper, batch)
    head = 'flow_estimator.' if level == 0 else f'predictors.{level}.'
    parts = {f'motion_head.{head}'}
    stages = ['conv1.', 'layer1.'] if level == 0 else [f'layer{level + 1}.']
    parts |= {f'backbone.backbone.{stage}' for stage in stages}
    names = ['reduce.', 'cost_norm.', 'combine.']
    parts |= {f'backbone.motion_blocks.{level}.{name}' for name in names}
    if level:
        parts.add(f'backbone.motion_blocks.{level - 1}.fuse.')
    wanted = {
        name
        for name, _ in model.named_parameters()
        if name.startswith(tuple(parts))
    }
    assert moved == wanted
    loss = 'loss_reconstruct' if level == 0 else f'loss_motion{level}'
    assert {name for name in losses if 'loss' in name} == {loss}


@pytest.mark.parametrize('network', HCML_BACKBONES)
def test_step_of_joint_training_trains_everything(network, tmp_path):
    path = CONFIGS / 'hcml' / f'hcml_joint_{network}_ucf101.py'
    model, wrapper, batch = small_job(path, tmp_path, **OPTIONS)
    tool('dry_run').open_zero_scales(model)
    losses, moved = take_step(model, wrapper, batch)
    assert moved == {name for name, _ in model.named_parameters()}
    names = {name for name in losses if 'loss' in name}
    levels = {'loss_motion1', 'loss_motion2'}
    assert names == {'loss_cls', 'loss_reconstruct', *levels}


@torch.no_grad()
@pytest.mark.parametrize('level', [0, 2])
def test_held_out_videos_are_measured(level, tmp_path):
    path = CONFIGS / 'hcml' / 'hcml_r2d50_k400.py'
    options = {'model.level': level, **OPTIONS}
    model, _, batch = small_job(path, tmp_path, 'val', **options)
    metric = METRICS.build(load(path).val_evaluator)
    samples = model.eval().val_step(batch)
    metric.process(None, [sample.to_dict() for sample in samples])
    found = metric.evaluate(2)
    name = 'photometric' if level == 0 else 'motion2_acc'
    assert 0 <= found[f'motion/{name}'] <= 1

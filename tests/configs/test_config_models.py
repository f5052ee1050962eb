"""Networks of the configs at full width, on the meta device: no memory."""

from __future__ import annotations

import pytest
import torch
from config_files import (
    CONFIGS,
    CORP_PRETRAININGS,
    LABELLED,
    LEAVES,
    SEARCHES,
    load,
    name_of,
)

from vsslcodebase.models.layers import DecouplingAttention, MixedAttention
from vsslcodebase.models.necks import PoolNeck
from vsslcodebase.registry import METRICS, MODELS

CLASSES = {
    'k400': 400,
    'ssv1': 174,
    'ssv2': 174,
    'ucf101': 101,
    'hmdb51': 51,
    'smarthome': 31,
    'smarthome-cv2': 19,
}


def build(cfg) -> torch.nn.Module:
    with torch.device('meta'):
        return MODELS.build(cfg)


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize('path', LEAVES, ids=name_of)
def test_model_builds_and_its_parts_fit(path):
    model = build(load(path).model)
    width = model.backbone.feat_dim
    if path in LABELLED:
        assert model.cls_head.in_channels == width
        assert model.cls_head.num_classes == CLASSES[path.stem.split('_')[-1]]
    elif hasattr(model, 'neck') and isinstance(model.neck, PoolNeck):
        assert load(path).model.head.in_channels == width
    elif hasattr(model, 'neck'):
        assert model.neck.in_channels == width


@pytest.mark.parametrize(
    ('name', 'parameters'),
    [('r3d50', 31_672_128), ('i3d50', 27_223_872), ('c2d50', 23_508_032)],
)
def test_backbones_have_the_published_size(name, parameters):
    """31.7 M is the size that CORP's Table 1 gives for R3D-50."""
    cfg = load(CONFIGS / '_base_' / 'backbones' / f'{name}.py')
    backbone = build(cfg.backbone)
    assert count(backbone) == parameters
    clip = torch.empty(1, 3, 16, 224, 224, device='meta')
    assert backbone(clip).shape == (1, 2048, 8, 7, 7)


@pytest.mark.parametrize('path', CORP_PRETRAININGS, ids=name_of)
def test_projection_is_three_hidden_layers_of_2048_without_last_norm(path):
    model = build(load(path).model)
    shapes = [
        (m.in_features, m.out_features)
        for m in model.neck.modules()
        if isinstance(m, torch.nn.Linear)
    ]
    assert shapes == [(2048, 2048)] * 3 + [(2048, 128)]
    last = list(model.neck.projection)[-1]
    assert isinstance(last, torch.nn.Linear)


def head(name: str) -> torch.nn.Module:
    return build(load(CONFIGS / 'corp' / f'{name}.py').model.head)


def test_relations_are_those_of_table_6c():
    decoupled = head('corp_m_r3d50_ssv2')
    mixed = head('corp_m_mixed-attention_r3d50_ssv2')
    assert isinstance(decoupled.relation, DecouplingAttention)
    assert isinstance(mixed.relation, MixedAttention)
    # r is 128 long in both, so the perceptrons are the same
    assert count(decoupled.mlp) == count(mixed.mlp) == 128 * 129 + 129 * 3
    assert count(decoupled.relation) == 3 * 64 * 128
    assert count(mixed.relation) == 2 * 128 * 128


def test_ablation_changes_the_relation_and_nothing_else():
    parent = load(CONFIGS / 'corp' / 'corp_m_r3d50_ssv2.py').to_dict()
    child = load(CONFIGS / 'corp' / 'corp_m_mixed-attention_r3d50_ssv2.py')
    child = child.to_dict()
    assert parent['model']['head'].pop('relation') != child['model'][
        'head'
    ].pop('relation')
    assert parent == child


@pytest.mark.parametrize(
    ('task', 'classes'), [('order', 2), ('contrast', 2), (None, 3)]
)
def test_tasks_of_table_6a_have_their_number_of_classes(task, classes):
    cfg = load(CONFIGS / 'corp' / 'corp_m_r3d50_ssv2.py').model.head
    if task is not None:
        cfg.task = task
    assert build(cfg).mlp[-1].out_features == classes


@pytest.mark.parametrize('path', LABELLED, ids=name_of)
def test_only_linear_evaluation_freezes_the_backbone(path):
    model = build(load(path).model).train()
    frozen = path.parent.name == 'linear'
    assert model.backbone.training is not frozen
    trained = {p.requires_grad for p in model.backbone.parameters()}
    assert trained == {not frozen}
    assert model.cls_head.fc_cls.weight.requires_grad


@pytest.mark.parametrize(
    'path', [path for path in LEAVES if path not in SEARCHES], ids=name_of
)
def test_metrics_build(path):
    cfg = load(path)
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        metrics = evaluator if isinstance(evaluator, list) else [evaluator]
        for metric in metrics:
            METRICS.build(metric)


def test_held_out_relations_are_watched_during_pretraining():
    for path in CORP_PRETRAININGS:
        cfg = load(path)
        assert cfg.val_evaluator.type == 'PairRelationMetric'
        train, val = cfg.train_dataloader.dataset, cfg.val_dataloader.dataset
        assert train.ann_file != val.ann_file
        assert train.pipeline[1] == val.pipeline[1]  # the same question

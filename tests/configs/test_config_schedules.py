"""Learning rates of the configs, step by step, against section 4.1.

Both papers, CORP and Pace Prediction, describe their training there.
"""

from __future__ import annotations

import math

import pytest
import torch
from config_files import (
    CONFIGS,
    CORP_EVALUATIONS,
    CORP_PRETRAININGS,
    PACE_FINETUNINGS,
    PACE_PRETRAININGS,
    load,
    name_of,
)
from torch import nn

from vsslcodebase.engine import LARS
from vsslcodebase.registry import OPTIMIZERS, PARAM_SCHEDULERS

STEPS_PER_EPOCH = 30
COSINE = [
    path for path in CORP_EVALUATIONS if path.stem != 'finetune_r3d50_ssv2'
]


def learning_rates(cfg) -> list[float]:
    """The learning rate at every step, scheduled as the Runner does it."""
    weight = nn.Parameter(torch.ones(2, 2))
    options = dict(cfg.optim_wrapper.optimizer, params=[weight])
    optimizer = OPTIMIZERS.build(options)
    end = cfg.train_cfg.max_epochs
    schedulers = [
        PARAM_SCHEDULERS.build(
            {'end': end, **scheduler},
            default_args=dict(
                optimizer=optimizer, epoch_length=STEPS_PER_EPOCH
            ),
        )
        for scheduler in cfg.param_scheduler
    ]
    rates = []
    for _ in range(end * STEPS_PER_EPOCH):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates


@pytest.mark.parametrize('path', CORP_PRETRAININGS, ids=name_of)
def test_pretraining_warms_up_for_five_percent_then_halves_a_cosine(path):
    cfg = load(path)
    epochs = cfg.train_cfg.max_epochs
    peak = cfg.auto_scale_lr.base_batch_size / 256
    rates = learning_rates(cfg)
    warmup = round(0.05 * epochs * STEPS_PER_EPOCH)
    assert rates[0] == 0
    assert rates[warmup // 2] == pytest.approx(peak / 2)
    assert max(rates) == pytest.approx(peak)
    assert rates.index(max(rates)) == warmup
    middle = warmup + (len(rates) - warmup) // 2
    assert rates[middle] == pytest.approx(peak / 2, rel=1e-3)
    assert rates[-1] < 1e-6 * peak


@pytest.mark.parametrize('epochs', [100, 267, 500])
def test_another_length_is_one_key(epochs):
    cfg = load(CONFIGS / 'corp' / 'corp_m_r3d50_ssv2.py')
    cfg.train_cfg.max_epochs = epochs
    rates = learning_rates(cfg)
    assert len(rates) == epochs * STEPS_PER_EPOCH
    peak_at = rates.index(max(rates))
    assert peak_at == math.ceil(0.05 * epochs * STEPS_PER_EPOCH)
    assert rates[-1] < 1e-5 * 0.25


@pytest.mark.parametrize('path', CORP_PRETRAININGS, ids=name_of)
def test_pretraining_uses_lars_as_the_paper(path):
    optimizer = load(path).optim_wrapper.optimizer
    assert OPTIMIZERS.get(optimizer.type) is LARS
    assert (optimizer.momentum, optimizer.weight_decay) == (0.9, 1e-6)


@pytest.mark.parametrize('path', COSINE, ids=name_of)
def test_labelled_training_starts_at_its_peak_and_ends_at_zero(path):
    cfg = load(path)
    rates = learning_rates(cfg)
    peak = cfg.optim_wrapper.optimizer.lr
    assert rates[0] == peak == max(rates)
    assert rates[len(rates) // 2] == pytest.approx(peak / 2, rel=1e-3)
    assert rates[-1] < 1e-6


@pytest.mark.parametrize(
    ('name', 'videos', 'rate', 'epochs'),
    [
        ('linear/linear_r3d50_k400', 1024, 0.16, 100),
        ('linear/linear_r3d50_ssv2', 1024, 0.16, 100),
        ('linear/linear-imagenet_i3d50_k400', 1024, 0.16, 100),
        ('semisup/semisup_r3d50_k400', 1024, 0.2, 100),
        ('finetune/finetune_r3d50_ucf101', 128, 0.2 * 128 / 1024, 50),
        ('finetune/finetune_r3d50_hmdb51', 128, 0.2 * 128 / 1024, 50),
        ('supervised/supervised_i3d50_ssv2', 64, 0.01, 100),
    ],
)
def test_evaluation_has_its_recipe(name, videos, rate, epochs):
    cfg = load(CONFIGS / 'eval' / f'{name}.py')
    assert cfg.auto_scale_lr.base_batch_size == videos
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(rate)
    assert cfg.train_cfg.max_epochs == epochs


def test_finetuning_on_ssv2_steps_down_twice():
    cfg = load(CONFIGS / 'eval' / 'finetune' / 'finetune_r3d50_ssv2.py')
    rates = learning_rates(cfg)
    assert rates[0] < 1e-6
    at = {epoch: rates[epoch * STEPS_PER_EPOCH] for epoch in (1, 13, 14, 18)}
    assert at == pytest.approx({1: 0.12, 13: 0.12, 14: 0.012, 18: 0.0012})


@pytest.mark.parametrize('path', CORP_EVALUATIONS, ids=name_of)
def test_only_linear_protocols_go_without_weight_decay_and_dropout(path):
    """Linear and semi-supervised: as CORP section 4.1 says."""
    cfg = load(path)
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.momentum) == ('SGD', 0.9)
    if path.parent.name in ('linear', 'semisup'):
        assert optimizer.weight_decay == 0
        assert cfg.model.cls_head.get('dropout_ratio', 0) == 0
        assert cfg.model.cls_head.feature_norm == 'bn'
    else:
        assert cfg.model.cls_head.dropout_ratio == 0.5


@pytest.mark.parametrize(
    'path', PACE_PRETRAININGS + PACE_FINETUNINGS, ids=name_of
)
def test_pace_divides_by_ten_every_six_epochs(path):
    """As does its fine-tuning, "the same" but for the rate."""
    cfg = load(path)
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.momentum) == ('SGD', 0.9)
    assert optimizer.weight_decay == 5e-3  # of the authors' code
    assert cfg.optim_wrapper.get('clip_grad') is None
    first = 1e-3
    if path in PACE_FINETUNINGS:
        first = 0.01 if 's3dg' in path.stem else 3e-3
    wanted = [
        first / 10 ** (epoch // 6)
        for epoch in range(18)
        for _ in range(STEPS_PER_EPOCH)
    ]
    assert learning_rates(cfg) == pytest.approx(wanted)

"""Networks of the configs on Slow R-50, and one step of them on the CPU."""

from __future__ import annotations

import pytest
import torch
from config_files import (
    CONFIGS,
    SLOW_EVALUATIONS,
    SLOW_PRETRAININGS,
    clips_of,
    load,
    name_of,
    trunk_of,
)
from small_jobs import small_job, take_step
from torch import nn

from vsslcodebase.registry import METRICS, MODELS

SLOW = SLOW_PRETRAININGS + SLOW_EVALUATIONS
LTN = [path for path in SLOW_PRETRAININGS if path.parent.name == 'ltn']
# one of each method, with as many clips as there are
SMALL = [
    path
    for path in SLOW_PRETRAININGS
    if path.stem.endswith('smarthome')
    and ('rho4' in path.stem or trunk_of(path) not in ('MoCo', 'BYOL'))
]


def on_meta(cfg) -> nn.Module:
    with torch.device('meta'):
        return MODELS.build(cfg)


def linear_layers(module: nn.Module) -> list[tuple[int, int, bool]]:
    return [
        (m.in_features, m.out_features, m.bias is not None)
        for m in module.modules()
        if isinstance(m, nn.Linear)
    ]


def is_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


@pytest.mark.parametrize('path', SLOW, ids=name_of)
def test_network_is_the_slow_pathway_of_8_frames(path):
    cfg = load(path).model.backbone
    cfg.init_cfg = None
    backbone = on_meta(cfg)
    parameters = sum(p.numel() for p in backbone.parameters())
    assert parameters == 31_634_496
    clip = torch.empty(1, 3, 8, 224, 224, device='meta')
    assert backbone.eval()(clip).shape == (1, 2048, 8, 7, 7)


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_norms_are_synchronised_where_there_is_no_shuffling(path):
    model = on_meta(load(path).model)
    norms = [m for m in model.backbone.modules() if is_norm(m)]
    synchronised = {isinstance(m, nn.SyncBatchNorm) for m in norms}
    if trunk_of(path) == 'MoCo':
        assert synchronised == {False}
        assert model.shuffle_bn
    else:
        assert synchronised == {True}


@pytest.mark.parametrize('path', SLOW_EVALUATIONS, ids=name_of)
def test_norms_of_all_that_is_trained_with_labels_are_of_each_gpu(path):
    if path.parent.name == 'linear':  # frozen
        assert load(path).model.backbone.frozen
    else:
        assert load(path).model.backbone.norm_cfg.type == 'BN3d'


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_projections_are_as_deep_and_wide_as_the_releases(path):
    model = on_meta(load(path).model)
    projector = getattr(model.neck, 'projector', model.neck)
    trunk = trunk_of(path)
    bias = trunk != 'SwAV'  # a BatchNorm follows there
    layers = [(2048, 2048, bias)] * 2 + [(2048, 128, True)]
    norms = 2 if trunk == 'SwAV' else 0
    if trunk == 'BYOL':
        layers, norms = [(2048, 4096, False), (4096, 256, True)], 1
        predictor = [(256, 4096, False), (4096, 256, True)]
        assert linear_layers(model.predictor) == predictor
    assert linear_layers(projector) == layers
    assert sum(map(is_norm, projector.modules())) == norms


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_numbers_of_the_methods(path):
    model = on_meta(load(path).model)
    trunk = trunk_of(path)
    if trunk == 'MoCo':
        assert model.queue.rows.shape == (65536, 128)
        assert (model.temperature, model.momentum_encoder.momentum) == (
            0.1,
            0.994,
        )
        assert model.momentum_encoder.schedule == 'cosine'
    elif trunk == 'BYOL':
        assert (model.target.momentum, model.target.schedule) == (
            0.996,
            'cosine',
        )
    elif trunk == 'SwAV':
        assert model.prototypes.shape == (1000, 128)
        assert (model.epsilon, model.sinkhorn_iterations) == (0.05, 3)
        assert (model.temperature, model.freeze_prototypes_epochs) == (0.1, 1)
    else:
        assert model.head.temperature == 0.1
    if trunk in ('MoCo', 'BYOL'):
        assert model.sequential  # BatchNorm as in the release


@pytest.mark.parametrize('path', LTN, ids=name_of)
def test_ltn_changes_the_neck_and_nothing_else(path):
    child = load(path).to_dict()
    what = path.stem.split('_')[1].replace('-', '_')
    name = path.stem.replace(f'ltn_{path.stem.split("_")[1]}', what)
    parent = load(CONFIGS / what.split('_')[0] / f'{name}.py').to_dict()
    neck = child['model'].pop('neck')
    assert neck == dict(
        type='TimeNavigationNeck',
        projector=parent['model'].pop('neck'),
        num_directions=64,
        variant=3,
        orthogonal=True,
        time_layers=2,
        time_channels=2048,
        time_input='start',
    )
    assert child == parent


@pytest.mark.parametrize('path', SMALL, ids=name_of)
def test_step_trains_what_has_a_gradient(path, tmp_path):
    options = {}
    if trunk_of(path) == 'MoCo':
        options = {'model.queue_size': 16}
    model, wrapper, batch = small_job(path, tmp_path, **options)
    if trunk_of(path) == 'MoCo':  # nothing to compare with in the first step
        take_step(model, wrapper, batch)
    _, moved = take_step(model, wrapper, batch)
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    copies = {n for n in moved if n.startswith(('momentum_encoder', 'target'))}
    assert moved - copies == trained
    assert bool(copies) is (trunk_of(path) == 'MoCo')  # after its first step


@torch.no_grad()
@pytest.mark.parametrize('path', SMALL, ids=name_of)
def test_held_out_videos_are_measured(path, tmp_path):
    model, _, batch = small_job(path, tmp_path, split='val')
    metric = METRICS.build(load(path).val_evaluator)
    samples = model.eval().val_step(batch)
    width = 256 if trunk_of(path) == 'BYOL' else 128
    assert samples[0].embedding.shape == (clips_of(path), width)
    metric.process(None, [sample.to_dict() for sample in samples])
    assert 0 <= metric.evaluate(2)['relation/contrast_acc'] <= 1


@pytest.mark.parametrize('kind', ['linear', 'finetune'])
def test_labelled_training_takes_a_step(kind, tmp_path):
    path = CONFIGS / 'eval' / kind / f'{kind}_slow50_smarthome-cv2.py'
    model, wrapper, batch = small_job(path, tmp_path)
    _, moved = take_step(model, wrapper, batch)
    assert moved == {n for n, p in model.named_parameters() if p.requires_grad}
    assert model.cls_head.fc_cls.weight.shape[0] == 19

"""The recipe of Feichtenhofer et al. (2021), which LTN's baselines follow."""

from __future__ import annotations

import math

import pytest
import torch
from config_files import (
    CONFIGS,
    SLOW_EVALUATIONS,
    SLOW_PRETRAININGS,
    load,
    name_of,
)
from small_jobs import small_job, take_step
from test_config_schedules import learning_rates
from torch import nn

from vsslcodebase.engine import LARS
from vsslcodebase.registry import METRICS, MODELS, OPTIMIZERS

SLOW = SLOW_PRETRAININGS + SLOW_EVALUATIONS
LTN = [path for path in SLOW_PRETRAININGS if path.parent.name == 'ltn']
BASES = [path for path in SLOW_PRETRAININGS if path not in LTN]
STEPS_PER_EPOCH = 30  # of learning_rates


def trunk_of(path) -> str:
    """The method, of LTN's configs the one that it is put on."""
    return load(path).model.type


def clips_of(path) -> int:
    """rho, as a config's name has it."""
    return int(path.stem.split('rho')[1][0])


def on_meta(cfg) -> nn.Module:
    with torch.device('meta'):
        return MODELS.build(cfg)


def operations(pipeline) -> list[dict]:
    return [operation.to_dict() for operation in pipeline[3].transforms]


def linear_layers(module: nn.Module) -> list[tuple[int, int, bool]]:
    return [
        (m.in_features, m.out_features, m.bias is not None)
        for m in module.modules()
        if isinstance(m, nn.Linear)
    ]


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_clips_last_64_thirtieths_and_start_independently(path):
    cfg = load(path)
    for split in ('train', 'val'):
        sampler = cfg[f'{split}_dataloader'].dataset.pipeline[1]
        assert sampler.to_dict() == dict(
            type='SampleIndependentClips',
            clip_len=8,
            frame_interval=8,
            target_fps=30,
            num_clips=clips_of(path),
        )


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_augmentation_of_pretraining(path):
    cfg = load(path)
    assert operations(cfg.train_dataloader.dataset.pipeline) == [
        dict(
            type='ClipRandomResizedCrop',
            size=224,
            area_range=(0.2, 0.766),
            aspect_range=(0.75, 4 / 3),
        ),
        dict(type='ClipFlip', prob=0.5),
        dict(
            type='ClipColorJitter',
            prob=0.8,
            brightness=0.6,
            contrast=0.6,
            saturation=0.6,
            hue=0.15,
        ),
        dict(type='ClipGrayscale', prob=0.2),
        dict(
            type='ClipGaussianBlur',
            prob=0.5,
            sigma_range=(0.1, 2.0),
            kernel_size=23,
        ),
    ]
    assert operations(cfg.val_dataloader.dataset.pipeline) == [
        dict(type='Resize', scale=(-1, 256)),
        dict(type='CenterCrop', crop_size=224),
    ]


@pytest.mark.parametrize('path', SLOW, ids=name_of)
def test_pixels_are_standardised_alike_in_all_channels(path):
    colours = load(path).model.data_preprocessor
    assert colours.mean == pytest.approx([0.45 * 255] * 3)
    assert colours.std == pytest.approx([0.225 * 255] * 3)


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


def is_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


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


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_optimizer_and_learning_rate(path):
    cfg = load(path)
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)
    videos = cfg.auto_scale_lr.base_batch_size
    for_64 = {'MoCo': 0.1, 'BYOL': 0.6 * clips_of(path) / 2}
    rate = for_64.get(trunk_of(path), 0.6)
    assert optimizer.lr == pytest.approx(rate * videos / 64)
    small = path.stem.endswith(('ucf101', 'smarthome'))
    assert videos == (64 if small else 512)
    if trunk_of(path) == 'MoCo':
        assert (optimizer.type, optimizer.weight_decay) == ('SGD', 1e-4)
        assert cfg.optim_wrapper.paramwise_cfg.norm_decay_mult == 0
    else:
        assert OPTIMIZERS.get(optimizer.type) is LARS
        assert optimizer.weight_decay == 1e-6


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_a_line_leads_to_the_cosine_of_the_whole_run(path):
    """35 of 200 epochs, from 0.001 for 64 videos."""
    cfg = load(path)
    base = cfg.optim_wrapper.optimizer.lr
    rates = learning_rates(cfg)
    start = 0.001 * cfg.auto_scale_lr.base_batch_size / 64
    if trunk_of(path) == 'BYOL' and clips_of(path) == 4:
        start *= 2  # a share of a learning rate that is twice as high
    assert rates[0] == pytest.approx(start)
    for epoch in (35, 100, 190):
        cosine = base * (1 + math.cos(math.pi * epoch / 200)) / 2
        assert rates[epoch * STEPS_PER_EPOCH] == pytest.approx(cosine)
    top = rates[35 * STEPS_PER_EPOCH]
    assert max(rates) == top
    middle = rates[35 * STEPS_PER_EPOCH // 2]
    assert middle == pytest.approx((start + top) / 2)


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


@pytest.mark.parametrize('path', SLOW_EVALUATIONS, ids=name_of)
def test_evaluation_takes_clips_of_8_frames_and_30_views(path):
    cfg = load(path)
    interval = 3 if path.stem.endswith('ssv2') else 8  # 12 frames a second
    views = []
    for split in ('train', 'val', 'test'):
        sampler = cfg[f'{split}_dataloader'].dataset.pipeline[1]
        assert (sampler.clip_len, sampler.frame_interval) == (8, interval)
        views.append(sampler.num_clips)
    assert views == [1, 1, 10]
    pipeline = cfg.test_dataloader.dataset.pipeline
    assert operations(pipeline) == [
        dict(type='Resize', scale=(-1, 256)),
        dict(type='ThreeCrop', crop_size=256),
    ]
    assert cfg.model.cls_head.average_clips == 'prob'
    metrics = [metric.type for metric in cfg.test_evaluator]
    assert metrics == ['AccMetric', 'PerClassAccMetric']


@pytest.mark.parametrize('path', SLOW_EVALUATIONS, ids=name_of)
def test_labels_see_scaled_windows_and_finetuning_colours_too(path):
    found = operations(load(path).train_dataloader.dataset.pipeline)
    assert found[:2] == [
        dict(type='RandomRescale', scale_range=(256, 320)),
        dict(type='RandomCrop', size=224),
    ]
    assert (found[2]['type'], found[2]['prob']) == ('ClipFlip', 0.5)
    colours = [
        dict(type='ClipGrayscale', prob=0.2),
        dict(
            type='ClipColorJitter',
            prob=1.0,
            brightness=0.4,
            contrast=0.4,
            saturation=0.4,
            hue=0.1,
        ),
    ]
    assert found[3:] == ([] if path.parent.name == 'linear' else colours)


@pytest.mark.parametrize('path', SLOW_EVALUATIONS, ids=name_of)
def test_recipe_of_each_protocol(path):
    cfg = load(path)
    optimizer = cfg.optim_wrapper.optimizer
    kind = path.parent.name
    rate, decay, epochs, dropout = dict(
        linear=(0.5, 0, 60, 0.0),
        finetune=(0.005, 1e-4, 200, 0.5),
        supervised=(0.1, 1e-4, 200, 0.5),
    )[kind]
    assert (optimizer.type, optimizer.lr) == ('SGD', rate)
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)
    assert optimizer.weight_decay == decay
    assert cfg.train_cfg.max_epochs == epochs
    head = cfg.model.cls_head
    assert head.get('dropout_ratio', 0.0) == dropout
    assert head.feature_norm == 'none'
    rates = learning_rates(cfg)
    peak = rates.index(max(rates)) / STEPS_PER_EPOCH
    assert peak == dict(linear=8, finetune=0, supervised=35)[kind]
    cosine = (1 + math.cos(math.pi * peak / epochs)) / 2
    assert max(rates) == pytest.approx(rate * cosine)


@pytest.mark.parametrize('protocol', ['cs', 'cv2'])
def test_protocols_of_smarthome_have_their_own_lists(protocol):
    stem = 'smarthome' if protocol == 'cs' else 'smarthome-cv2'
    for kind in ('linear', 'finetune', 'supervised'):
        path = CONFIGS / 'eval' / kind / f'{kind}_slow50_{stem}.py'
        cfg = load(path)
        for part in ('train', 'val', 'test'):
            dataset = cfg[f'{part}_dataloader'].dataset
            wanted = f'data/smarthome/annotations/{protocol}_{part}.txt'
            assert dataset.ann_file == wanted
            assert dataset.data_prefix.video == 'data/smarthome/videos'
            assert dataset.get('test_mode', False) is (part != 'train')


# one of each method, with as many clips as there are
SMALL = [
    path
    for path in SLOW_PRETRAININGS
    if path.stem.endswith('smarthome')
    and ('rho4' in path.stem or trunk_of(path) not in ('MoCo', 'BYOL'))
]


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

"""Networks of Pace Prediction, and one step of its configs on the CPU."""

from __future__ import annotations

import pytest
import torch
from config_files import (
    CONFIGS,
    PACE_FINETUNINGS,
    PACE_PRETRAININGS,
    RETRIEVALS,
    load,
    name_of,
    tool,
)
from small_jobs import small_job, take_step
from torch.testing import assert_close

from vsslcodebase.engine.gallery_pipelines import share_pipelines
from vsslcodebase.registry import METRICS, MODELS

PACE = CONFIGS / 'pace'
FC = PACE / 'pace_same-context-fc_r2plus1d10_ucf101.py'


def small(path, folder, split='train', **options):
    """A job of few and small frames."""
    options = {
        f'{split}_dataloader.dataset.pipeline.1.clip_len': 8,
        **options,
    }
    return small_job(path, folder, split, **options)


@pytest.mark.parametrize('path', PACE_PRETRAININGS, ids=name_of)
def test_step_trains_every_parameter(path, tmp_path):
    options = {}
    if 'same-pace' in path.stem:  # which needs clips of one pace, and of two
        options = {'train_dataloader.dataset.pipeline.1.num_clips': 2}
    model, wrapper, batch = small(path, tmp_path, **options)
    for sample in batch['data_samples']:
        sample.pace_label = torch.arange(len(sample.pace_label))
    losses, moved = take_step(model, wrapper, batch)
    assert moved == {name for name, _ in model.named_parameters()}
    names = {name for name in losses if name.startswith('loss')}
    wanted = set()
    if model.head.pace_weight:
        wanted.add('loss_pace')
    if model.head.contrast:
        wanted.add('loss_contrast')
    assert names == wanted


@torch.no_grad()
@pytest.mark.parametrize('path', PACE_PRETRAININGS, ids=name_of)
def test_held_out_videos_are_measured(path, tmp_path):
    model, _, batch = small(path, tmp_path, 'val')
    metric = METRICS.build(load(path).val_evaluator)
    samples = model.eval().val_step(batch)
    metric.process(None, [sample.to_dict() for sample in samples])
    found = metric.evaluate(2)
    if 'only' in path.stem:
        assert 'relation/contrast_acc' in found
    else:
        assert 0 <= found['pace/acc'] <= 1


@pytest.mark.parametrize('path', PACE_FINETUNINGS, ids=name_of)
def test_finetuning_reaches_the_first_layer(path, tmp_path):
    model, wrapper, batch = small(path, tmp_path)
    _, moved = take_step(model, wrapper, batch)
    assert moved == {name for name, _ in model.named_parameters()}


@torch.no_grad()
@pytest.mark.parametrize('layer', ['p5', 'p4'])
@pytest.mark.parametrize('path', RETRIEVALS, ids=name_of)
def test_queries_look_in_the_gallery(path, layer, tmp_path):
    dry_run = tool('dry_run')
    cfg = load(path)
    share_pipelines(cfg)  # as the tools do
    dry_run.set_width(cfg.model, 4)
    sets = dict(
        query=cfg.test_dataloader.dataset,
        gallery=cfg.test_evaluator.gallery.dataset,
    )
    for name, dataset in sets.items():
        dry_run.set_frame_size(dataset, 32)
        dataset.pipeline[1].update(clip_len=8, num_clips=2)
        (tmp_path / name).mkdir()
        dry_run.use_made_videos(dataset, tmp_path / name, 2)
    cfg.test_evaluator.gallery.num_workers = 0
    metric = METRICS.build(dict(cfg.test_evaluator, layer=layer))
    torch.manual_seed(0)
    model = dry_run.build_untrained(cfg.model).eval()
    metric.set_model(model)
    samples, _ = dry_run.walk_pipeline(sets['query'])
    batch = dict(
        inputs=[sample['inputs'] for sample in samples],
        data_samples=[sample['data_samples'] for sample in samples],
    )
    metric.process(batch, samples)
    found = metric.evaluate(2)
    # all made videos are of class 0
    assert found == {f'retrieval/R@{k}': 1.0 for k in (1, 5, 10, 20, 50)}


def on_meta(cfg) -> torch.nn.Module:
    with torch.device('meta'):
        return MODELS.build(cfg)


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ('name', 'backbone', 'printed'),
    [
        # with a classifier of 101 classes; S3D-G with 512, as its release
        ('c3d', 27_661_440, 27.7),
        ('r3d10', None, 14.4),
        ('r2plus1d10', 14_417_116 - 513 * 101, 14.4),
        ('s3dg', 9_649_872 - 1025 * 512, 9.6),
    ],
)
def test_networks_have_the_published_size(name, backbone, printed):
    cfg = load(CONFIGS / '_base_' / 'backbones' / f'{name}.py')
    network = on_meta(cfg.backbone)
    classes = 512 if name == 's3dg' else 101
    classifier = (network.feat_dim + 1) * classes
    assert (count(network) + classifier) / 1e6 == pytest.approx(
        printed, abs=0.05
    )
    if backbone is not None:
        assert count(network) == backbone


@pytest.mark.parametrize(
    ('name', 'shape', 'last'),
    [
        ('c3d', (16, 112, 112), (512, 2, 7, 7)),
        ('r3d10', (16, 112, 112), (512, 2, 7, 7)),
        ('r2plus1d10', (16, 112, 112), (512, 2, 7, 7)),
        ('r3d18', (16, 112, 112), (512, 2, 7, 7)),
        ('r2plus1d18', (16, 112, 112), (512, 2, 7, 7)),
        ('s3dg', (64, 224, 224), (1024, 8, 7, 7)),
    ],
)
def test_maps_have_the_size_of_the_paper(name, shape, last):
    cfg = load(CONFIGS / '_base_' / 'backbones' / f'{name}.py')
    clip = torch.empty(1, 3, *shape, device='meta')
    assert on_meta(cfg.backbone)(clip).shape == (1, *last)


def test_the_extra_layer_is_some_4000_parameters():
    with_layer = count(on_meta(load(FC).model))
    without = count(
        on_meta(load(PACE / 'pace_same-context_r2plus1d10_ucf101.py').model)
    )
    assert with_layer - without == 4104


@torch.no_grad()
def test_test_averages_ten_views_of_a_video(tmp_path):
    path = CONFIGS / 'eval' / 'finetune' / 'finetune_r2plus1d10_hmdb51.py'
    model, _, batch = small(path, tmp_path, 'test')
    one = {key: value[:1] for key, value in batch.items()}
    (sample,) = model.eval().test_step(one)
    assert one['inputs'][0].shape[:2] == (10, 3)
    maps = model.backbone(model.data_preprocessor(one)['inputs'][0])
    wanted = model.cls_head(maps).softmax(1).mean(0)
    assert wanted.shape == (51,)
    assert_close(sample.pred_score, wanted)

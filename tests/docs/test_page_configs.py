"""Configs on pages are whole, or fit on the config that they change."""

from __future__ import annotations

import re

import pytest
import torch
from config_files import CONFIGS, ROOT
from mmaction.registry import DATASETS, METRICS, MODELS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from page_commands import python_blocks

from vsslcodebase.datasets.motion_mini import (
    level_knobs,
    plan_split,
    render_video,
)
from vsslcodebase.datasets.motion_mini.encode import write_video

DOCS = ROOT / 'docs'


def block_with(page, words):
    """The block of Python on a page that holds some words."""
    text = (DOCS / page).read_text()
    (block,) = [part for part in python_blocks(text) if words in part]
    return block


@pytest.fixture
def videos(tmp_path):
    """Four videos of motion-mini and their list."""
    knobs = level_knobs('demo', size=32)
    lines = []
    for index, plan in enumerate(plan_split('train', 4, knobs, seed=0)):
        write_video(
            tmp_path / f'{index}.mp4', render_video(plan, knobs), fps=24
        )
        lines.append(f'{index}.mp4 {index}\n')
    (tmp_path / 'list.txt').write_text(''.join(lines))
    return dict(
        ann_file=str(tmp_path / 'list.txt'),
        data_prefix=dict(video=str(tmp_path)),
    )


def test_config_inside_mmaction2_trains_and_is_judged(videos, tmp_path):
    path = tmp_path / 'in_mmaction2.py'
    path.write_text(block_with('plugging_into_mmaction2.md', 'CORP_m in'))
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    for name in ('train', 'val'):
        dataset = dict(cfg[f'{name}_dataloader'].dataset, **videos)
        dataset.pop('indices', None)
        dataset = DATASETS.build(dataset)
        batch = pseudo_collate([dataset[index] for index in range(4)])
        data = model.data_preprocessor(batch, training=name == 'train')
        assert data['inputs'].shape == (4, 4, 3, 8, 32, 32)
        if name == 'train':
            losses = model(**data, mode='loss')
            losses['loss_pair'].backward()
            assert 0.5 < losses['loss_pair'].item() < 2  # near ln 3
            grads = [value.grad for value in model.parameters()]
            assert all(grad is not None for grad in grads)
        else:
            with torch.no_grad():
                samples = model.eval()(**data, mode='predict')
            metric = METRICS.build(cfg.val_evaluator)
            metric.process(None, [sample.to_dict() for sample in samples])
            scores = metric.compute_metrics(metric.results)
            assert 0 <= scores['order_acc'] <= 1


def test_names_without_prefix_are_unknown_there(tmp_path):
    """The first trap of the page, in its words."""
    init_default_scope('mmaction')
    with pytest.raises(KeyError, match='is not in the mmaction::model'):
        MODELS.build(dict(type='ProjectionNeck', in_channels=4))


@pytest.mark.parametrize('name', ['MODELS', 'DATASETS', 'TRANSFORMS'])
def test_no_name_of_ours_hides_one_of_mmaction2(name):
    """As the page says."""
    import mmaction.registry

    import vsslcodebase.registry

    ours, theirs = (
        getattr(module, name)
        for module in (vsslcodebase.registry, mmaction.registry)
    )
    for registry in (theirs, ours):
        registry.import_from_location()
    assert set(ours._module_dict) & set(theirs._module_dict) == set()
    assert ours._module_dict


@pytest.mark.parametrize(
    ('words', 'videos_of'),
    [
        ('SimCLR on my videos', 'train_dataloader.dataset'),
        ('The classes of my test', 'test_evaluator.gallery.dataset'),
    ],
)
def test_configs_of_the_quick_start_read_the_users_videos(
    tmp_path, words, videos_of
):
    path = tmp_path / 'config.py'
    text = block_with('quick_start.md', words)
    path.write_text(text.replace('../configs', str(CONFIGS)))
    cfg = Config.fromfile(path)
    dataset = cfg
    for key in videos_of.split('.'):
        dataset = dataset[key]
    assert dataset.ann_file == 'my/train.txt'
    assert dataset.data_prefix.video == 'my/videos'
    assert cfg.test_dataloader.dataset.ann_file == 'my/test.txt'
    assert [step.type for step in dataset.get('pipeline', [])][:1] in (
        ['OpenVideo'],
        [],  # a gallery is read as the test is
    )


def test_numbers_of_the_quick_start_are_those_of_its_configs():
    text = (DOCS / 'quick_start.md').read_text()
    (epochs,) = re.findall(r'max_epochs=(\d+)', text)
    assert f'epoch_{epochs}.pth' in text
    assert f'Epoch(train) [{epochs}]' in text


def test_ltn_goes_around_another_neck(tmp_path):
    """The tutorial's change, on rho-MoCo."""
    change = block_with('tutorials/ltn.md', 'TimeNavigationNeck')
    path = tmp_path / 'config.py'
    base = CONFIGS / 'mini' / 'moco_rho4_smallr3d_motion-mini.py'
    path.write_text(f"_base_ = '{base}'\n{change}")
    init_default_scope('vsslcodebase')
    with torch.device('meta'):
        model = MODELS.build(Config.fromfile(path).model)
    assert type(model.neck).__name__ == 'TimeNavigationNeck'
    assert type(model.neck.projector).__name__ == 'ProjectionNeck'

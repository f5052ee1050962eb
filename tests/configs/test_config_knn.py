"""The kNN configs: who votes on whom, seen how, and one evaluation of each."""

from __future__ import annotations

import pytest
import torch
from config_files import CONFIGS, KNNS, name_of, tool
from config_files import load as load_file

from vsslcodebase.engine.gallery_pipelines import share_pipelines
from vsslcodebase.registry import METRICS

LISTS = dict(
    k400=('data/k400/train.txt', 'data/k400/val.txt'),
    ssv2=('data/ssv2/train.txt', 'data/ssv2/val.txt'),
    ucf101=('data/ucf101/train_split1.txt', 'data/ucf101/test_split1.txt'),
)
CLIPS = dict(r3d50=(32, 2), slow50=(8, 8))
MINI = CONFIGS / 'mini' / 'knn_smallr3d_motion-mini.py'


def load(path):
    """A config as the tools read it."""
    cfg = load_file(path)
    share_pipelines(cfg)
    return cfg


@pytest.mark.parametrize('path', KNNS, ids=name_of)
def test_training_videos_vote_on_those_of_the_test(path):
    cfg = load(path)
    gallery, test = cfg.test_evaluator.gallery, cfg.test_dataloader
    _, backbone, data = path.stem.split('_')
    lists = (gallery.dataset.ann_file, test.dataset.ann_file)
    assert lists == LISTS[data]
    assert gallery.dataset.pipeline == test.dataset.pipeline
    assert gallery.dataset.test_mode
    assert test.dataset.test_mode
    sampler = test.dataset.pipeline[1]
    assert (sampler.type, sampler.num_clips) == ('SampleUniformClips', 1)
    interval = sampler.frame_interval
    if data != 'ssv2':
        assert (sampler.clip_len, interval) == CLIPS[backbone]
    operations = [op.type for op in test.dataset.pipeline[3].transforms]
    assert operations == ['Resize', 'CenterCrop']


@pytest.mark.parametrize('path', [*KNNS, MINI], ids=name_of)
def test_votes_are_those_of_wu_et_al(path):
    evaluator = load(path).test_evaluator
    assert (evaluator.k, evaluator.temperature) == ((20, 200), 0.07)
    assert (evaluator.layer, evaluator.level) == (None, 'video')


def test_small_gallery_is_of_scenes_and_seen_as_the_test():
    cfg = load(MINI)
    gallery, test = cfg.test_evaluator.gallery.dataset, cfg.test_dataloader
    assert gallery.ann_file == 'data/motion_mini_demo/train_scene.txt'
    assert test.dataset.ann_file == 'data/motion_mini_demo/val_scene.txt'
    assert gallery.pipeline == test.dataset.pipeline
    trained = load(CONFIGS / 'mini' / 'simclr_smallr3d_motion-mini.py').model
    model = load(MINI).model
    assert model.data_preprocessor == trained.data_preprocessor
    del model.backbone.init_cfg
    assert model.backbone == trained.backbone


@torch.no_grad()
@pytest.mark.parametrize(
    'path',
    [MINI, *(path for path in KNNS if path.stem.endswith('ucf101'))],
    ids=name_of,
)
def test_one_evaluation(path, tmp_path):
    dry_run = tool('dry_run')
    cfg = load(path)
    if path != MINI:
        dry_run.set_width(cfg.model, 4)
    sets = dict(
        query=cfg.test_dataloader.dataset,
        gallery=cfg.test_evaluator.gallery.dataset,
    )
    for name, dataset in sets.items():
        dry_run.set_frame_size(dataset, 32)
        dataset.pipeline[1].update(clip_len=8)
        (tmp_path / name).mkdir()
        dry_run.use_made_videos(dataset, tmp_path / name, 2)
    cfg.test_evaluator.gallery.num_workers = 0
    metric = METRICS.build(dict(cfg.test_evaluator, k=(1, 2)))
    torch.manual_seed(0)
    metric.set_model(dry_run.build_untrained(cfg.model).eval())
    samples, _ = dry_run.walk_pipeline(sets['query'])
    batch = dict(
        inputs=[sample['inputs'] for sample in samples],
        data_samples=[sample['data_samples'] for sample in samples],
    )
    metric.process(batch, samples)
    names = [
        f'knn/{n}_k{k}' for k in (1, 2) for n in ('top1', 'top5', 'mean1')
    ]
    # all made videos are of class 0
    assert metric.evaluate(2) == dict.fromkeys(names, 1.0)

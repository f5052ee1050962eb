"""Galleries are read as their queries are, or not at all."""

from __future__ import annotations

import pytest
from mmengine.config import Config

from vsslcodebase.engine.gallery_pipelines import share_pipelines
from vsslcodebase.engine.preflight import UsageError

STEPS = [dict(type='OpenVideo'), dict(type='Sample', num_clips=10)]
OTHER = [dict(type='OpenVideo'), dict(type='Sample', num_clips=4)]


def run_of(*galleries, **others):
    return Config(
        dict(
            test_dataloader=dict(dataset=dict(pipeline=STEPS)),
            test_evaluator=[
                dict(type='PerClassMetric'),
                *(dict(gallery=gallery) for gallery in galleries),
            ],
            **others,
        )
    )


def test_a_gallery_that_names_no_pipeline_has_that_of_its_queries():
    """In a loader, alone, and inside of another; files are left alone."""
    inner = dict(type='Around', dataset=dict(ann_file='a'))
    alone = dict(ann_file='a')
    cfg = run_of(dict(dataset=alone), alone, inner, 'a.npy')
    share_pipelines(cfg)
    _, loader, alone, around, file = cfg.test_evaluator
    assert loader.gallery.dataset.pipeline == STEPS
    assert alone.gallery.pipeline == STEPS
    assert around.gallery.dataset.pipeline == STEPS
    assert file.gallery == 'a.npy'
    cfg.test_dataloader.dataset.pipeline[1].num_clips = 1  # not the same
    assert loader.gallery.dataset.pipeline == STEPS
    share_pipelines(run_of(dict(pipeline=STEPS)))


def test_one_metric_the_validation_and_a_hook_have_theirs():
    cfg = Config(
        dict(
            val_dataloader=dict(dataset=dict(pipeline=STEPS)),
            val_evaluator=dict(gallery=dict(ann_file='a')),
            custom_hooks=[
                dict(type='SeedsHook'),
                dict(gallery=dict(ann_file='a'), query=dict(pipeline=OTHER)),
            ],
        )
    )
    share_pipelines(cfg)
    assert cfg.val_evaluator.gallery.pipeline == STEPS
    assert cfg.custom_hooks[1].gallery.pipeline == OTHER
    share_pipelines(Config(dict(val_evaluator=None, test_evaluator=None)))


def test_another_pipeline_is_refused():
    message = (
        r'pipeline\.1\.num_clips: 4 in test_evaluator\.1\.gallery, 10 in '
        r'test_dataloader; leave the pipeline of the gallery out'
    )
    with pytest.raises(UsageError, match=message):
        share_pipelines(run_of(dict(dataset=dict(pipeline=OTHER))))

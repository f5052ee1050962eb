"""One step of CORP's configs on the CPU, at reduced width."""

from __future__ import annotations

import math

import pytest
import torch
from config_files import CONFIGS, CORP_PRETRAININGS, load, name_of
from small_jobs import small_job, take_step
from torch.testing import assert_close

from vsslcodebase.registry import METRICS

CORP_M = CONFIGS / 'corp' / 'corp_m_r3d50_ssv2.py'
CORP_F = CONFIGS / 'corp' / 'corp_f_r3d50_ssv2.py'
LINEAR = CONFIGS / 'eval' / 'linear' / 'linear_r3d50_ssv2.py'
FINETUNE = CONFIGS / 'eval' / 'finetune' / 'finetune_r3d50_ucf101.py'
SEMISUP = CONFIGS / 'eval' / 'semisup' / 'semisup_r3d50_k400.py'


@pytest.mark.parametrize('path', CORP_PRETRAININGS, ids=name_of)
def test_step_trains_every_parameter(path, tmp_path):
    model, wrapper, batch = small_job(path, tmp_path)
    _, moved = take_step(model, wrapper, batch)
    assert moved == {name for name, _ in model.named_parameters()}


@pytest.mark.parametrize(
    ('path', 'options', 'guesses'),
    [
        (CORP_M, {}, dict(loss_pair=math.log(3))),
        (CORP_M, {'model.head.task': 'order'}, dict(loss_pair=math.log(2))),
        (
            CORP_M,
            {'model.head.task': 'contrast'},
            dict(loss_pair=math.log(2)),
        ),
        (CORP_M, {'model.head.num_layers': 1}, dict(loss_pair=math.log(3))),
        (
            CORP_M,
            {'train_dataloader.dataset.pipeline.1.num_clips': 2},
            dict(loss_pair=math.log(3)),
        ),
        # a sum over the two clips of each video, divided by the videos
        (CORP_F, {}, dict(loss_order=2 * math.log(2))),
    ],
)
def test_untrained_network_guesses(path, options, guesses, tmp_path):
    """The first loss is the logarithm of the number of answers."""
    losses, _ = take_step(*small_job(path, tmp_path, **options))
    for name, guess in guesses.items():
        assert losses[name] == pytest.approx(guess, rel=0.1), name


def test_linear_evaluation_trains_the_classifier_only(tmp_path):
    _, moved = take_step(*small_job(LINEAR, tmp_path))
    assert moved == {'cls_head.fc_cls.weight', 'cls_head.fc_cls.bias'}


def test_semisupervised_training_reaches_the_first_layer(tmp_path):
    model, wrapper, batch = small_job(SEMISUP, tmp_path)
    _, moved = take_step(model, wrapper, batch)
    assert moved == {name for name, _ in model.named_parameters()}


@torch.no_grad()
@pytest.mark.parametrize(
    ('path', 'classes'), [(LINEAR, 174), (SEMISUP, 400), (FINETUNE, 101)]
)
def test_validation_predicts_batches(path, classes, tmp_path):
    model, _, batch = small_job(path, tmp_path, split='val')
    samples = model.eval().val_step(batch)
    scores = torch.stack([sample.pred_score for sample in samples])
    assert scores.shape == (2, classes)
    assert_close(scores.sum(1), torch.ones(2))


@torch.no_grad()
@pytest.mark.parametrize('views', [None, 4])
def test_test_averages_thirty_views_of_a_video(views, tmp_path):
    """All at once or in pieces, which changes nothing."""
    options = {
        'model.test_cfg.max_testing_views': views,
        'test_dataloader.dataset.pipeline.1.clip_len': 2,
        'test_dataloader.dataset.pipeline.3.transforms.0.scale': (-1, 32),
    }
    model, _, batch = small_job(LINEAR, tmp_path, split='test', **options)
    one = {key: value[:1] for key, value in batch.items()}
    (sample,) = model.eval().test_step(one)
    assert one['inputs'][0].shape[:2] == (30, 3)
    logits = model.cls_head(
        model.backbone(model.data_preprocessor(one)['inputs'][0])
    )
    wanted = logits.softmax(1).mean(0)
    assert_close(sample.pred_score, wanted)


@torch.no_grad()
@pytest.mark.parametrize('path', CORP_PRETRAININGS, ids=name_of)
def test_held_out_relations_are_measured(path, tmp_path):
    model, _, batch = small_job(path, tmp_path, split='val')
    metric = METRICS.build(load(path).val_evaluator)
    samples = model.eval().val_step(batch)
    metric.process(None, [sample.to_dict() for sample in samples])
    found = metric.evaluate(2)
    assert 0 <= found['relation/contrast_acc'] <= 1
    assert ('relation/order_acc' in found) == ('corp' in path.stem)
    assert ('relation/total_acc' in found) == ('corp_m' in path.stem)

"""What is missing or does not fit is said before anything is built."""

import pytest
from mmengine.config import Config

from vsslcodebase.engine import launch
from vsslcodebase.engine.arguments import parse_test
from vsslcodebase.engine.preflight import (
    UsageError,
    check_files,
    check_lists,
    check_paces,
    check_pretrained,
)


def test_existing_files_pass(train_cfg):
    check_files(train_cfg(), ('train', 'val'))


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('train.txt', r'train\.txt \(train_dataloader\.dataset\.ann_file\)'),
        ('videos', r'train_dataloader\.dataset\.data_prefix\.video=FOLDER'),
    ],
)
def test_missing_data_is_named(train_cfg, tmp_path, name, message):
    (tmp_path / name).rename(tmp_path / 'elsewhere')
    with pytest.raises(UsageError, match=message):
        check_files(train_cfg(), ('train',))
    check_files(train_cfg(), ('val',))  # not read, not missed


def test_an_evaluation_of_nothing_is_refused(train_cfg):
    match = r'model\.backbone\.init_cfg\.checkpoint=FILE'
    with pytest.raises(UsageError, match=match):
        check_pretrained(train_cfg())


def test_a_pretrained_file_has_to_exist(train_cfg, tmp_path):
    key = 'model.backbone.init_cfg.checkpoint'
    path = tmp_path / 'corp.pth'
    cfg = train_cfg('--cfg-options', f'{key}={path}')
    with pytest.raises(UsageError, match=r'there is no checkpoint .*corp'):
        check_pretrained(cfg)
    path.touch()
    check_pretrained(cfg)


def test_the_untrained_baseline_is_asked_for_explicitly(train_cfg):
    cfg = train_cfg('--cfg-options', 'model.backbone.init_cfg=None')
    check_pretrained(cfg)


def test_a_whole_model_needs_no_pretrained_part(config):
    cfg = launch.testing_config(parse_test([str(config), 'whole.pth']))
    check_pretrained(cfg)


def paced(head, *samplers):
    """Return a config with a head, and samplers to train and validate."""
    loaders = {
        f'{stage}_dataloader': dict(dataset=dict(pipeline=[dict(), sampler]))
        for stage, sampler in zip(('train', 'val'), samplers)
    }
    return Config(dict(model=dict(head=dict(head)), **loaders))


def test_head_and_samplers_have_the_same_paces():
    default = dict(type='SamplePaceClips')
    three = dict(type='SamplePaceClips', paces=(1, 2, '1/3'))
    pace_head = dict(type='PaceHead')
    check_paces(paced(pace_head, default, default), ('train', 'val'))
    check_paces(paced(dict(pace_head, num_paces=3), three), ('train', 'val'))
    check_paces(paced(dict(type='ContrastiveHead'), three), ('train',))
    check_paces(paced(pace_head, default, three), ('train',))
    match = (
        r"3 paces, \[1, 2, '1/3'\] \(val_dataloader\.dataset\.pipeline\.1"
        r'\.paces\), but model\.head\.num_paces is 4'
    )
    with pytest.raises(UsageError, match=match):
        check_paces(paced(pace_head, default, three), ('train', 'val'))


def test_paces_are_compared_before_anything_is_built(train_cfg):
    cfg = train_cfg('--cfg-options', 'model.backbone.init_cfg=None')
    cfg.model.neck = dict(type='PaceHead', num_paces=7)
    cfg.train_dataloader.dataset.pipeline = [dict(type='SamplePaceClips')]
    with pytest.raises(UsageError, match=r'model\.neck\.num_paces is 7'):
        launch._build(cfg, ('train',), None)


def listed(train_cfg, tmp_path, text, num_classes=None):
    cfg = train_cfg()
    (tmp_path / 'train.txt').write_text(text)
    (tmp_path / 'videos' / 'there.mp4').touch()
    if num_classes:
        cfg.model.cls_head = dict(type='I3DHead', num_classes=num_classes)
    return cfg


def test_videos_to_be_evaluated_are_all_there(train_cfg, tmp_path):
    text = 'there.mp4 0\ngone.mp4 1\nthere.mp4 0\n'
    cfg = listed(train_cfg, tmp_path, text)
    cfg.train_dataloader.dataset.test_mode = True
    match = r'1 of 3 videos to be evaluated .* is .*gone\.mp4; .*train\.txt'
    with pytest.raises(UsageError, match=match):
        check_lists(cfg, ('train',))
    cfg.train_dataloader.dataset.num_videos = 1
    check_lists(cfg, ('train',))


def test_a_list_of_some_videos_and_labels_passes(train_cfg, tmp_path):
    text = 'gone.mp4 0\nthere.mp4 2\n'
    check_lists(listed(train_cfg, tmp_path, text, 3), ('train',))


def test_pretraining_needs_no_labels(train_cfg, tmp_path):
    check_lists(listed(train_cfg, tmp_path, 'there.mp4 -1\n'), ('train',))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', r'names no video \(train_dataloader\.dataset\.ann_file\)'),
        ('there.mp4\n', 'train.txt, line 1: expected a path'),
        ('gone.mp4 0\n', 'none of the first 1 videos .*data_prefix'),
        ('there.mp4 3\n', 'the label 3 in .*3 classes needs 0 to 2'),
        ('there.mp4 -1\n', r'no label \(-1\) in .*3 classes'),
    ],
)
def test_a_list_that_does_not_fit_is_refused(
    train_cfg, tmp_path, text, message
):
    cfg = listed(train_cfg, tmp_path, text, num_classes=3)
    with pytest.raises(UsageError, match=message):
        check_lists(cfg, ('train',))


def test_predictions_are_written_for_videos_without_label(train_cfg, tmp_path):
    cfg = listed(train_cfg, tmp_path, 'there.mp4 -1\n', num_classes=3)
    cfg.test_dataloader = cfg.train_dataloader
    cfg.test_evaluator = [dict(type='DumpResults', out_file_path='a.pkl')]
    check_lists(cfg, ('test',))
    cfg.test_evaluator = dict(type='AccMetric')
    with pytest.raises(UsageError, match='no label'):
        check_lists(cfg, ('test',))

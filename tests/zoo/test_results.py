"""Result files: what is changed by hand, or says too little, is refused."""

import dataclasses
import json

import pytest

from vsslcodebase.zoo.results import (
    Result,
    ResultError,
    content_digest,
    of_protocol,
    read_result,
    read_results,
    write_result,
)

RESULT = Result(
    config='configs/mini/corp_m_smallr3d_motion-mini.py',
    config_digest='ab' * 32,
    stage=None,
    options={},
    seed=0,
    epochs=8,
    train_data=dict(train=dict(videos=3, sha256='cd' * 32)),
    commit='ef' * 20,
    checkpoint=dict(file='a.pth', sha256='01' * 32),
    protocol='motion-mini',
    evaluation=dict(config='configs/mini/x.py', commit='ef' * 20, data={}),
    metrics={'inside pair': 0.975},
    commands=['python tools/train.py'],
    versions=dict(torch='2'),
    machine='2 CPU cores',
    date='2026-11-21',
)


def test_a_result_comes_back_as_it_was_written(tmp_path):
    path = write_result(tmp_path, RESULT)
    assert path.name.startswith('corp_m_smallr3d_motion-mini_s0_motion-mini-')
    assert path.stem.endswith(content_digest(path.read_text()))
    assert read_results(tmp_path) == [RESULT]


def test_a_figure_changed_by_hand_is_refused(tmp_path):
    path = write_result(tmp_path, RESULT)
    path.write_text(path.read_text().replace('0.975', '0.985'))
    with pytest.raises(ResultError, match=r'changed after it was measured'):
        read_result(path)


def test_another_name_does_not_help(tmp_path):
    path = write_result(tmp_path, RESULT)
    with pytest.raises(ResultError, match='no name of a result file'):
        read_result(path.rename(tmp_path / 'mine.json'))


def test_measured_again_replaces_only_the_same_question(tmp_path):
    write_result(tmp_path, RESULT)
    again = dataclasses.replace(RESULT, metrics={'inside pair': 0.9})
    other_seed = dataclasses.replace(RESULT, seed=1)
    other_data = dataclasses.replace(
        RESULT, evaluation=dict(RESULT.evaluation, data=dict(test=1))
    )
    for result in (again, other_seed, other_data):
        write_result(tmp_path, result)
    found = read_results(tmp_path)
    assert len(found) == 3
    assert RESULT not in found
    assert again in found


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(metrics={}), 'no metrics'),
        (dict(metrics=dict(acc=float('nan'))), "metric 'acc' must be a fin"),
        (dict(commands=[]), 'no commands'),
        (dict(commit='main'), "commit must be like .*got 'main'"),
        (dict(checkpoint=dict(file='a.pth')), r'checkpoint\.sha256'),
        (dict(seed=None), 'seed must be a whole number'),
        (dict(config='elsewhere/x.py'), 'config must be like'),
    ],
)
def test_what_says_too_little_is_not_written(tmp_path, change, message):
    with pytest.raises(ResultError, match=message):
        write_result(tmp_path, dataclasses.replace(RESULT, **change))
    assert not list(tmp_path.glob('*.json'))


def test_unknown_and_missing_keys_are_named(tmp_path):
    content = dataclasses.asdict(RESULT)
    content['extra'] = content.pop('seed')
    text = json.dumps(content)
    path = tmp_path / f'a_s0_p-{content_digest(text)}.json'
    path.write_text(text)
    with pytest.raises(ResultError, match=r"missing \['seed'\].*\['extra'\]"):
        read_result(path)


def test_a_training_with_options_is_not_that_of_the_config():
    tuned = dataclasses.replace(RESULT, options={'train_cfg.max_epochs': 4})
    later = dataclasses.replace(RESULT, seed=1)
    found = of_protocol([later, tuned, RESULT], RESULT.config, 'motion-mini')
    assert found == [RESULT, later]

"""What a result says of a training is read from its checkpoint."""

import json

import pytest
import torch

from vsslcodebase.checkpoints.provenance import file_sha256
from vsslcodebase.zoo import recording
from vsslcodebase.zoo.recording import (
    read_metrics,
    record,
    training_digests,
)
from vsslcodebase.zoo.results import ResultError

CONFIG = 'configs/mini/corp_m_smallr3d_motion-mini.py'
EVALUATION = 'configs/mini/linear_smallr3d_motion-mini.py'
COMMIT = 'ab' * 20
HERE = 'cd' * 20


@pytest.fixture(autouse=True)
def _committed(monkeypatch):
    """The code that evaluates is of some commit."""
    monkeypatch.setattr(
        recording, 'source_commit', lambda: dict(commit=HERE, clean=True)
    )


def save(folder, **changes):
    """Write a checkpoint that says where it comes from."""
    origin = dict(
        commit=COMMIT,
        clean=True,
        config_digest=training_digests(CONFIG)[None],
        data=dict(train=dict(videos=3)),
    )
    meta = dict(
        name='corp_m_smallr3d_motion-mini', seed=4, epoch=8, provenance=origin
    )
    for key, value in changes.items():
        (meta if key in meta else origin)[key] = value
    path = folder / 'file.pth'
    torch.save(dict(meta=meta, state_dict={}), path)
    return path


def make(checkpoint, metrics=None, **options):
    return record(
        metrics or {'inside pair': 0.5},
        str(checkpoint),
        'motion-mini',
        EVALUATION,
        ['python tools/train.py'],
        **options,
    )


def test_the_training_is_that_of_the_checkpoint(tmp_path):
    path = save(tmp_path)
    result = make(path)
    assert result.config == CONFIG
    assert (result.seed, result.epochs, result.stage) == (4, 8, None)
    assert result.commit == COMMIT
    assert result.evaluation['commit'] == HERE
    assert result.train_data == dict(train=dict(videos=3))
    assert result.checkpoint == dict(file='file.pth', sha256=file_sha256(path))


def test_numbers_only(tmp_path):
    metrics = dict(top1=0.25, name='corp', done=True, count=3)
    result = make(save(tmp_path), metrics)
    assert result.metrics == dict(top1=0.25, count=3.0)


def test_a_checkpoint_of_changed_code_is_refused(tmp_path):
    with pytest.raises(ResultError, match='changes that no commit has'):
        make(save(tmp_path, clean=False))


def test_an_evaluation_by_changed_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(
        recording, 'source_commit', lambda: dict(commit=HERE, clean=False)
    )
    with pytest.raises(ResultError, match='the code that evaluates'):
        make(save(tmp_path))


def test_a_checkpoint_of_another_config_is_refused(tmp_path):
    with pytest.raises(ResultError, match=r'was not trained with .*corp_m'):
        make(save(tmp_path, config_digest='0' * 64))


def test_options_of_the_training_are_part_of_it(tmp_path):
    options = {'train_cfg.max_epochs': 4}
    digest = training_digests(CONFIG, options)[None]
    path = save(tmp_path, config_digest=digest)
    with pytest.raises(ResultError, match='--cfg-options it was trained'):
        make(path)
    assert make(path, options=options).options == options


def test_a_checkpoint_without_a_past_is_refused(tmp_path):
    path = tmp_path / 'bare.pth'
    torch.save(dict(state_dict={}), path)
    with pytest.raises(ResultError, match=r'bare\.pth does not say which'):
        make(path)


def test_a_runs_own_checkpoint_is_called_by_its_experiment(tmp_path):
    path = save(tmp_path, name=None)
    content = torch.load(path, weights_only=True)
    content['meta']['experiment_name'] = (
        'corp_m_smallr3d_motion-mini_20261121_172346'
    )
    torch.save(content, path)
    assert make(path).config == CONFIG


def test_a_name_that_is_no_config(tmp_path):
    with pytest.raises(ResultError, match='no config of ours'):
        make(save(tmp_path, name='mine'))


def test_stages_are_found_by_their_digest(tmp_path):
    config = 'configs/mini/hcml_smallr2d_motion-mini.py'
    digest = training_digests(config)['level2']
    path = save(tmp_path, config_digest=digest)
    assert make(path, config=config).stage == 'level2'


def test_random_weights_have_no_training():
    result = make('untrained', config=EVALUATION, seed=2)
    assert (result.seed, result.epochs, result.train_data) == (2, 0, {})
    assert result.commit == HERE
    with pytest.raises(ResultError, match='needs config and seed'):
        make('untrained')


def test_numbers_are_found_inside_of_a_file(tmp_path):
    path = tmp_path / 'report.json'
    path.write_text(
        json.dumps(dict(a=dict(b=dict(top1=0.5, of='x', time=0.1))))
    )
    assert read_metrics(path, 'a.b') == dict(top1=0.5)
    with pytest.raises(ResultError, match="at 'c'"):
        read_metrics(path, 'a.c')
    with pytest.raises(ResultError, match='no numbers'):
        read_metrics(path)
    path.write_text('{')
    with pytest.raises(ResultError, match='cannot be read as JSON'):
        read_metrics(path)


def test_the_midst_of_a_training_is_refused(tmp_path):
    with pytest.raises(ResultError, match=r'for 7 epochs, .* says 8'):
        make(save(tmp_path, epoch=7))


def test_a_stage_that_is_not_the_last_is_refused(tmp_path):
    config = 'configs/mini/hcml_smallr2d_motion-mini.py'
    path = save(tmp_path, config_digest=training_digests(config)['level0'])
    with pytest.raises(ResultError, match=r"'level0', and .* 'level2'"):
        make(path, config=config)


def test_other_weights_to_start_from_are_another_training(tmp_path):
    path = save(tmp_path, start={'supervised.pth': 'ab' * 32})
    with pytest.raises(ResultError, match=r'but from supervised\.pth'):
        make(path)

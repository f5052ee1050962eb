"""From a config with motion blocks to the table of HCML's efficacy."""

from __future__ import annotations

import json
import math

import pytest
import torch
from motion_toys import BACKBONE, build, pretrainer_config

from vsslcodebase.evaluation import efficacy

CONFIG = """
_base_ = ['{folder}/retrieve.py']
model = dict(_delete_=True, type='FeatureTrunk', backbone={backbone})
"""


@pytest.fixture
def project(folder, tmp_path):
    """A config and a checkpoint of a stage of the hierarchy."""
    config, checkpoint = tmp_path / 'motion.py', tmp_path / 'motion.pth'
    config.write_text(CONFIG.format(folder=folder, backbone=BACKBONE))
    model = build(pretrainer_config(2))
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    return config, checkpoint


@pytest.mark.parametrize('classifier', ['sgd', 'regression'])
def test_table_and_file_agree(call, project, tmp_path, capsys, classifier):
    out = tmp_path / 'new' / 'table.json'
    words = ('--levels', 2, 0, '--classifier', classifier, '--out', out)
    call('analysis/efficacy', *project, *words)
    said = capsys.readouterr().out.splitlines()
    table = json.loads(out.read_text())
    assert table['settings']['classifier'] == classifier
    assert list(table['levels']) == ['2', '0']
    rows = [line.split() for line in said if line.strip()[:1].isdigit()]
    for row, (level, found) in zip(rows, table['levels'].items()):
        train, test = found['train_accuracy'], found['test_accuracy']
        assert 5 * train == pytest.approx(round(5 * train))  # of 5 videos
        assert 3 * test == pytest.approx(round(3 * test))
        score = efficacy.efficacy_score(train, test)
        printed = [level, f'{train:.2%}', f'{test:.2%}', f'{score:.3f}']
        assert row == printed
        assert (found['score'] or math.inf) == score


def test_an_infinite_score_is_explained_and_null(
    call, project, tmp_path, capsys, monkeypatch
):
    tool_result = efficacy.Efficacy(0.5, 0.5, math.inf)
    monkeypatch.setattr(
        efficacy, 'measure_efficacy', lambda *a, **k: tool_result
    )
    out = tmp_path / 'table.json'
    call('analysis/efficacy', *project, '--out', out)
    assert 'inf: the test is not below' in capsys.readouterr().out
    levels = json.loads(out.read_text())['levels']
    assert [levels[key]['score'] for key in ('0', '1', '2')] == [None] * 3


def test_what_has_no_motion_features_is_refused(call, folder, project):
    plain = folder / 'retrieve.py', folder / 'method.pth'
    with pytest.raises(ValueError, match='SmallR3D has none'):
        call('analysis/efficacy', *plain, '--levels', 0)
    with pytest.raises(ValueError, match='SmallR3D has none'):
        call('analysis/efficacy', *plain)
    with pytest.raises(ValueError, match=r'has those of \[0, 1, 2\]'):
        call('analysis/efficacy', *project, '--levels', 3)

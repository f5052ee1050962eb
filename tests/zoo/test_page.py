"""The zoo's page, from made-up results in a folder of their own."""

import dataclasses
import shutil

import pytest
from config_files import ROOT
from test_results import RESULT

from vsslcodebase.zoo.page import (
    make_mini_metafile,
    make_page,
    measured,
    per_cent,
)
from vsslcodebase.zoo.results import write_result

TOP1 = 'Top 1 Accuracy'
FULL = 'configs/corp/corp_m_r3d50_ssv2.py'


@pytest.fixture
def root(tmp_path):
    """A checkout with the metafiles of ours, and no results."""
    shutil.copy(ROOT / 'model-index.yml', tmp_path)
    for path in (ROOT / 'configs').rglob('metafile.yml'):
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True)
        shutil.copy(path, target)
    return tmp_path


def add(root, **changes):
    result = dataclasses.replace(RESULT, **changes)
    write_result(root / 'results', result)
    return result


def row_of(page, start):
    """Cells of the first table row whose first cell begins so."""
    lines = [x for x in page.splitlines() if x.startswith(f'| {start}')]
    return [cell.strip() for cell in lines[0].strip('|').split('|')]


def same(result):
    return result.config_digest


def test_without_results_nothing_is_measured(root):
    page = make_page(root, same)
    row = row_of(page, '[`corp_m_r3d50_ssv2`]')
    assert row[4:7] == ['48.8 (CORP, Table 5)', 'not run', 'none']
    assert page.count('Not run.') == 2


def test_one_seed_then_two(root):
    add(root)
    cells = row_of(make_page(root, same), '[`corp_m_smallr3d')
    assert cells[1:4] == ['0', '97.5', 'not run']
    add(root, seed=1, metrics={'inside pair': 0.925})
    cells = row_of(make_page(root, same), '[`corp_m_smallr3d')
    assert cells[1:3] == ['0, 1', '95.0 ± 3.5 (2)']


def test_a_guess_stands_above(root):
    add(root)
    page = make_page(root, same)
    assert row_of(page, 'chance')[2:5] == ['50.0', '12.5', '50.0']
    assert page.index('| chance') < page.index('[`corp_m_smallr3d')


def test_random_weights_have_a_row_of_their_own(root):
    add(
        root,
        config='configs/mini/linear_smallr3d_motion-mini.py',
        epochs=0,
        train_data={},
        checkpoint=dict(file='untrained', sha256='ab' * 32),
    )
    page = make_page(root, same)
    assert row_of(page, 'random weights')[1:3] == ['0', '97.5']
    assert row_of(page, '`linear_smallr3d_motion-mini`')[5] == 'none'


def test_a_config_changed_since_is_marked(root):
    add(root)
    page = make_page(root, lambda result: 'another')
    assert row_of(page, '[`corp_m_smallr3d')[0].endswith('†')
    assert 'The config has changed since' in page
    assert '†' not in make_page(root, same)


def test_a_full_size_result_fills_its_cell(root):
    linear = dict(
        config=FULL,
        protocol='linear_r3d50_ssv2',
        metrics={'acc/top1': 0.481, 'acc/top5': 0.7},
    )
    add(root, **linear)
    row = row_of(make_page(root, same), '[`corp_m_r3d50_ssv2`]')
    assert row[4:6] == ['48.8 (CORP, Table 5)', '48.1']


def test_another_metric_is_not_taken_for_it(root):
    result = add(root, config=FULL, protocol='p', metrics={'acc/top5': 0.7})
    assert measured([result], FULL, 'p', TOP1)[0] == 'not run'


def test_the_metafile_names_files_that_are_there(root):
    add(root)
    assert 'Models: []' in make_mini_metafile(root)
    (root / 'checkpoints').mkdir()
    (root / 'checkpoints' / RESULT.checkpoint['file']).touch()
    text = make_mini_metafile(root)
    assert 'Weights: checkpoints/a.pth' in text
    assert 'inside pair: 97.5' in text


def test_another_evaluation_is_not_taken_for_it(root):
    path = {'model.backbone.init_cfg.checkpoint': 'a.pth'}
    for options, cell in (
        (path, '48.1'),
        ({**path, 'optim_wrapper.optimizer.lr': 1}, 'not run'),
    ):
        evaluation = dict(RESULT.evaluation, options=options)
        result = dataclasses.replace(
            RESULT, metrics={'acc/top1': 0.481}, evaluation=evaluation
        )
        found = measured([result], RESULT.config, 'motion-mini', TOP1)[0]
        assert found == cell


def test_per_cent_by_hand():
    assert per_cent([0.975]) == '97.5'
    assert per_cent([-0.0001]) == '0.0'
    assert per_cent([0.01, 0.02, 0.03]) == '2.0 ± 1.0 (3)'

"""The zoo says what was measured, and nothing else."""

import re
import shutil
import subprocess
import sys

import pytest
import torch
import yaml
from config_files import ROOT
from toy_project import load_tool

from vsslcodebase.checkpoints.provenance import file_sha256
from vsslcodebase.checkpoints.published import build_backbone, read_published
from vsslcodebase.zoo.page import (
    CHECKPOINTS,
    full_size_entries,
    make_mini_metafile,
    make_page,
    measured,
)
from vsslcodebase.zoo.results import read_results

RESULTS = read_results(ROOT / 'results')
PAPER_ROWS = [
    (entry, row)
    for entry in full_size_entries(ROOT)
    for row in entry.get('Paper Results', [])
]


@pytest.fixture(scope='module')
def page():
    return make_page(ROOT, load_tool('make_model_zoo').current_digest)


def test_the_page_is_what_the_results_give(page):
    committed = (ROOT / 'model_zoo.md').read_text(encoding='utf-8')
    assert committed == page, 'run tools/make_model_zoo.py'


def test_the_small_metafile_is_what_the_results_give():
    path = ROOT / 'configs' / 'mini' / 'metafile.yml'
    assert path.read_text(encoding='utf-8') == make_mini_metafile(ROOT)


def test_a_number_changed_on_the_page_fails_the_check(
    tmp_path, monkeypatch, capsys
):
    tool = load_tool('make_model_zoo')
    for name in ('model_zoo.md', 'model-index.yml', 'results', 'configs'):
        source, target = ROOT / name, tmp_path / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, target)
    if (ROOT / CHECKPOINTS).is_dir():
        (tmp_path / CHECKPOINTS).symlink_to(ROOT / CHECKPOINTS)
    monkeypatch.setattr(tool, 'ROOT', tmp_path)
    monkeypatch.setattr(sys, 'argv', ['make_model_zoo.py', '--check'])
    assert tool.main() == 0
    page = tmp_path / 'model_zoo.md'
    page.write_text(page.read_text().replace('48.8', '49.8'))
    assert tool.main() == 1
    assert 'model_zoo.md differ' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('entry', 'row'),
    PAPER_ROWS,
    ids=lambda value: value.get('Name', value.get('Metric')),
)
def test_a_papers_number_has_its_source(entry, row):
    """In the config's header, too: written twice, by hand, and equal."""
    assert set(row) == {'Evaluation', 'Dataset', 'Metric', 'Value', 'Source'}
    header = (ROOT / entry['Config']).read_text().split('"""')[1]
    value = re.escape(f'{row["Value"]} %')
    assert re.search(rf'(?<![\d.]){value}', header)
    readme = (ROOT / entry['Config']).parent / 'README.md'
    paper = re.split(', Table| 2021', row['Source'])[0]
    assert paper in header + readme.read_text()
    assert list((ROOT / 'configs').rglob(f'{row["Evaluation"]}.py'))


@pytest.mark.parametrize(
    'entry', full_size_entries(ROOT), ids=lambda entry: entry['Name']
)
def test_full_size_results_are_those_of_result_files(entry):
    """``Results`` of a metafile: null, or what a result file says."""
    for row in entry['Results'] or []:
        for metric, value in row['Metrics'].items():
            cells = [
                measured(RESULTS, entry['Config'], path.stem, metric)[0]
                for path in (ROOT / 'configs').rglob('*.py')
            ]
            assert f'{value:.1f}' in cells


def test_checkpoints_are_those_that_were_measured():
    files = {path.name: path for path in (ROOT / CHECKPOINTS).glob('*.pth')}
    digests = {
        result.checkpoint['file']: result.checkpoint['sha256']
        for result in RESULTS
    }
    assert set(files) <= set(digests)
    for name, path in files.items():
        assert file_sha256(path) == digests[name]
    assert sum(path.stat().st_size for path in files.values()) < 10e6


def test_checkpoints_are_of_the_training_that_results_name():
    """What is said of a training stands in its file, too."""
    for result in RESULTS:
        path = ROOT / CHECKPOINTS / result.checkpoint['file']
        if not path.is_file():
            continue
        meta = read_published(path).meta
        origin = meta['provenance']
        assert (meta['name'], meta['seed']) == (result.name, result.seed)
        assert meta['epoch'] == result.epochs
        assert (origin['commit'], origin['clean']) == (result.commit, True)
        assert origin['config_digest'] == result.config_digest
        assert origin['data'] == result.train_data


def test_results_are_of_commits_that_are_here():
    def git(*words):
        return subprocess.run(
            ['git', '-C', str(ROOT), *words], capture_output=True, text=True
        )

    if git('rev-parse', '--is-shallow-repository').stdout != 'false\n':
        return  # a wheel, an archive, or a clone without its history
    commits = {result.commit for result in RESULTS}
    commits |= {result.evaluation['commit'] for result in RESULTS}
    history = set(git('rev-list', 'HEAD').stdout.split())
    if history.isdisjoint(commits):
        return  # a copy whose history begins anew
    assert commits <= history


def test_metafile_names_weights_that_are_there():
    text = (ROOT / 'configs' / 'mini' / 'metafile.yml').read_text()
    for entry in yaml.safe_load(text)['Models']:
        assert (ROOT / entry['Weights']).is_file()
        assert (ROOT / entry['Config']).is_file()


@pytest.mark.parametrize(
    'path', sorted((ROOT / CHECKPOINTS).glob('*.pth')), ids=lambda p: p.name
)
def test_checkpoints_are_networks(path):
    published = read_published(path)
    network = build_backbone(published)
    contract = published.contract
    frames = (contract.num_frames, contract.height, contract.width)
    shown = torch.full((1, 3, *frames), 128, dtype=torch.uint8)
    with torch.no_grad():
        found = network(contract.normalise(shown))
    assert found.isfinite().all()
    assert found.std() > 0
    assert not re.search(r'/(home|root|tmp|work)\b', str(published.meta))

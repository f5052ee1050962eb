"""configs/pace/README.md: its commands resolve to its numbers."""

from __future__ import annotations

import ast
import re
import shlex

import pytest
from config_files import (
    CONFIGS,
    PACE_FINETUNINGS,
    PACE_PRETRAININGS,
    RETRIEVALS,
    name_of,
)
from readme_tables import (
    check_numbers,
    id_of_run,
    read_runs,
    resolved,
    rows_of,
)

from vsslcodebase.registry import MODELS, TRANSFORMS

README = (CONFIGS / 'pace' / 'README.md').read_text()
RUNS = read_runs(rows_of(README, '## Pre-training runs'))
EVALUATIONS = rows_of(README, '## Evaluations')
PROTOCOLS = read_runs([row for row in EVALUATIONS if len(row) == 5])
SEARCHES = {
    name: shlex.split(command.strip('`'))
    for name, command in (row for row in EVALUATIONS if len(row) == 2)
}
TABLES = [
    line
    for line in re.findall(r'^### (.*)$', README, re.MULTILINE)
    if 'Figure 5' not in line
]
RESULTS = [
    (table, row) for table in TABLES for row in rows_of(README, f'### {table}')
]
CONTRASTS = {
    'same-pace-only': ('same-pace', None, 0, 1),
    'same-context-only': ('same-context', None, 0, 1),
    'same-context-fc': ('same-context', 8, 1, 0.1),
    'same-context': ('same-context', None, 1, 0.1),
    'same-pace': ('same-pace', None, 1, 0.1),
}


@pytest.mark.parametrize('run', RUNS + PROTOCOLS, ids=id_of_run)
def test_command_resolves_to_the_numbers_beside_it(run):
    check_numbers(run)


@pytest.mark.parametrize('run', RUNS, ids=id_of_run)
def test_name_of_a_run_says_its_paces_and_contrast(run):
    cfg = run.cfg
    head = cfg.model.head
    wanted = (None, None, 1, 0.1)
    for name, contrast in CONTRASTS.items():
        if name in run.name:
            wanted = contrast
            break
    found = [head[key] for key in ('contrast', 'contrast_channels')]
    weights = [head[key] for key in ('pace_weight', 'contrast_weight')]
    assert (*found, *weights) == wanted
    upto = re.search(r'p1-(\d)', run.name)
    paces = tuple(range(1, int(upto[1]) + 1 if upto else 5))
    if run.name == 'pace_slow-too':
        paces = ('1/3', '1/2', 1, 2, 3)
    for split in ('train_dataloader', 'val_dataloader'):
        pipeline = cfg[split].dataset.pipeline
        assert tuple(pipeline[1].paces) == paces
        for slot in pipeline:
            TRANSFORMS.build(slot)
    assert head.num_paces == len(paces)
    MODELS.build(head)


@pytest.mark.parametrize('run', RUNS, ids=id_of_run)
def test_jitter_is_the_one_of_the_row(run):
    pipeline = run.cfg.train_dataloader.dataset.pipeline
    jitter = pipeline[3].transforms[2]
    assert jitter.type == 'ClipColorJitter'
    assert jitter.prob == (0 if 'no-jitter' in run.name else 0.8)
    per = 'clip' if 'by-clip' in run.name else 'frame'
    assert jitter.per == per


@pytest.mark.parametrize('run', PROTOCOLS, ids=id_of_run)
def test_from_scratch_means_without_a_checkpoint(run):
    init = run.cfg.model.backbone.init_cfg
    if 'scratch' in run.name:
        assert init is None
    else:
        assert init.checkpoint == 'CHECKPOINT'


@pytest.mark.parametrize('name', SEARCHES)
def test_retrieval_is_of_the_network_data_and_layer_of_its_row(name):
    words = SEARCHES[name]
    network, data, layer = name.split(', ')
    assert words[:2] == ['python', 'tools/test.py']
    network = network.lower().replace('r(2+1)d', 'r2plus1d').replace('-', '')
    wanted = f'retrieval_{network}_{data.lower()}.py'
    assert words[2] == f'configs/eval/retrieval/{wanted}'
    cfg = resolved(words[2], words[3:])
    init = cfg.model.backbone.init_cfg
    assert (init is None) is (layer == 'untrained')
    place = 'p5' if layer == 'untrained' else layer
    assert cfg.test_evaluator.layer == place


def test_names_and_work_directories_are_unique():
    runs = RUNS + PROTOCOLS
    folders = [run.arguments[1] for run in runs]
    folders += [words[4] for words in SEARCHES.values()]
    names = [run.name for run in runs] + list(SEARCHES)
    assert len(set(names)) == len(names) == len(folders) == len(set(folders))
    assert all(run.arguments[1] == f'work_dirs/{run.name}' for run in RUNS)


def test_readme_names_every_config_and_no_other():
    named = set(re.findall(r'configs/((?:pace|eval)/\S+?\.py)', README))
    ours = PACE_PRETRAININGS + PACE_FINETUNINGS + RETRIEVALS
    assert named == {name_of(path) for path in ours}


def test_runs_of_the_paper_serve_a_row():
    used = {cell.strip('`') for _, row in RESULTS for cell in row[1:3]}
    others = {'pace_r3d18', 'pace_r2plus1d18'}
    assert {run.name for run in RUNS} - used == others
    not_asked = {
        'fine-tuning C3D, HMDB51',
        'fine-tuning R3D-10, HMDB51',
        'fine-tuning R3D-18, UCF101',
        'fine-tuning R(2+1)D-18, UCF101',
    }
    assert {run.name for run in PROTOCOLS} - used == not_asked
    assert set(SEARCHES) <= used


@pytest.mark.parametrize(('table', 'row'), RESULTS, ids=str)
def test_result_names_a_run_a_protocol_and_the_paper(table, row):
    _, run, protocol, paper, ours = row
    if run.startswith('quoted'):
        assert ours == ''
        return
    assert run == 'none' or run.strip('`') in {r.name for r in RUNS}
    assert protocol in {p.name for p in PROTOCOLS} | set(SEARCHES)
    untrained = 'scratch' in protocol or 'untrained' in protocol
    assert (run == 'none') is untrained
    assert ours == 'not run'
    if paper in ('not printed', 'figure only'):
        return
    numbers = [float(number) for number in paper.split()]
    assert len(numbers) == (5 if protocol in SEARCHES else 1)
    assert numbers == sorted(numbers)  # R@k cannot fall with k
    assert all(0 < number < 100 for number in numbers)


@pytest.mark.parametrize(('table', 'row'), RESULTS, ids=str)
def test_run_and_protocol_have_the_same_network(table, row):
    _, run, protocol, _, _ = row
    if not run.startswith('`'):
        return
    (trained,) = [r for r in RUNS if r.name == run.strip('`')]
    if protocol in SEARCHES:
        evaluation = SEARCHES[protocol][2]
    else:
        (found,) = [p for p in PROTOCOLS if p.name == protocol]
        evaluation = found.config
    networks = [name.split('_')[-2] for name in (trained.config, evaluation)]
    assert networks[0] == networks[1]


def test_all_tables_are_there():
    heads = ' '.join(re.findall(r'^### (.*)$', README, re.MULTILINE))
    for number in range(1, 6):
        assert f'Table {number}' in heads
    assert 'Figure 4' in heads
    assert 'Figure 5' in heads
    counts = {
        table.split(':')[0]: len(rows_of(README, f'### {table}'))
        for table in TABLES
    }
    assert counts == {
        'Table 1': 8,
        'Table 2': 12,
        'Table 3': 11,
        'Figure 4': 7,
        'Table 4': 9,
        'Table 5': 9,
    }


def test_same_row_has_the_same_number_wherever_it_appears():
    seen: dict[tuple[str, str], str] = {}
    for _, (_, run, protocol, paper, _) in RESULTS:
        if not run.startswith('quoted'):
            assert seen.setdefault((run, protocol), paper) == paper


@pytest.mark.parametrize('path', PACE_PRETRAININGS, ids=name_of)
def test_header_has_the_numbers_of_the_tables(path):
    """Of the run that is this config without options."""
    header = ast.get_docstring(ast.parse(path.read_text()))
    said = re.search(r'Number: (.*?)Ours', header, re.DOTALL)[1]
    numbers = set(re.findall(r'(\d+\.\d) %', said))
    (run,) = [
        run
        for run in RUNS
        if run.config == f'configs/{name_of(path)}' and len(run.arguments) == 2
    ]
    rows = [row for _, row in RESULTS if row[1] == f'`{run.name}`']
    printed = {row[3].split()[0] for row in rows}
    assert numbers <= printed
    assert bool(numbers) is bool(printed)


@pytest.mark.parametrize('path', RETRIEVALS, ids=name_of)
def test_header_of_retrieval_has_the_numbers_of_the_tables(path):
    header = ast.get_docstring(ast.parse(path.read_text()))
    numbers = re.findall(r'(\d+\.\d) %', header)  # of p5, p4, untrained
    first = {row[2]: row[3].split()[0] for _, row in RESULTS}
    ours = {
        name.split(', ')[-1]: first[name]
        for name, words in SEARCHES.items()
        if words[2].endswith(name_of(path))
    }
    assert numbers == [ours['p5'], ours['p4'], ours['untrained']]


def test_links_lead_somewhere():
    links = re.findall(r'\]\((?!http)([^)#]+)', README)
    assert links
    missing = [
        link for link in links if not (CONFIGS / 'pace' / link).exists()
    ]
    assert missing == []

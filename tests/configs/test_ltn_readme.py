"""configs/ltn/README.md: its commands resolve to its numbers."""

from __future__ import annotations

import ast
import re

import pytest
import torch
from config_files import (
    CONFIGS,
    SLOW_EVALUATIONS,
    SLOW_PRETRAININGS,
    load,
    name_of,
)
from mmengine.config import Config
from readme_tables import check_numbers, id_of_run, read_runs, rows_of
from small_jobs import small_job, take_step

from vsslcodebase.registry import MODELS

README = (CONFIGS / 'ltn' / 'README.md').read_text()
RUNS = read_runs(rows_of(README, '## Pre-training runs'))
PROTOCOLS = read_runs(rows_of(README, '## Evaluations'))
TABLES = [
    line
    for line in re.findall(r'^### (.*)$', README, re.MULTILINE)
    if 'Table 8' not in line and 't-SNE' not in line
]
RESULTS = [
    (table, row) for table in TABLES for row in rows_of(README, f'### {table}')
]
BASELINES = ['moco', 'byol', 'swav', 'simclr']


@pytest.mark.parametrize('run', RUNS + PROTOCOLS, ids=id_of_run)
def test_command_resolves_to_the_numbers_beside_it(run):
    check_numbers(run)


@pytest.mark.parametrize('run', RUNS, ids=id_of_run)
def test_name_of_a_run_says_what_it_changes(run):
    neck = run.cfg.model.neck
    lists = [
        run.cfg[f'{split}_dataloader'].dataset.ann_file
        for split in ('train', 'val')
    ]
    if run.name.endswith('_cv2'):
        folder = 'data/smarthome/annotations'
        assert lists == [
            f'{folder}/cv2_{part}.txt' for part in ('train', 'val')
        ]
    else:
        data = run.config.removesuffix('.py').split('_')[-1]
        assert run.name.endswith(f'_{data}')
    assert run.name.startswith('ltn') is (neck.type == 'TimeNavigationNeck')
    if not run.name.startswith('ltn'):
        return
    wanted = dict(
        num_directions=64,
        variant=3,
        orthogonal='not-orthogonal' not in run.name,
        time_layers=2,
        time_channels=2048,
    )
    numbers = dict(
        num_directions=r'_m(\d+)_',
        variant=r'_v(\d)_',
        time_layers=r'_time-(\d)x',
        time_channels=r'_time-\dx(\d+)_',
    )
    for key, pattern in numbers.items():
        if found := re.search(pattern, run.name):
            wanted[key] = int(found[1])
    assert {key: neck[key] for key in wanted} == wanted
    with torch.device('meta'):
        MODELS.build(neck)


def test_names_and_work_directories_are_unique():
    runs = RUNS + PROTOCOLS
    assert len({run.name for run in runs}) == len(runs)
    assert len({run.arguments[1] for run in runs}) == len(runs)
    assert all(run.arguments[1] == f'work_dirs/{run.name}' for run in RUNS)


def test_readmes_name_every_config_and_no_other():
    """LTN's the ones of its tables, each baseline's its own."""
    named = set(
        re.findall(r'configs/((?:\w+/)+[\w-]*slow50[\w-]*\.py)', README)
    )
    for method in BASELINES:
        text = (CONFIGS / method / 'README.md').read_text()
        links = re.findall(r'\]\((\w*slow50\w*\.py)\)', text)
        named |= {f'{method}/{link}' for link in links}
    ours = SLOW_PRETRAININGS + SLOW_EVALUATIONS
    assert named == {name_of(path) for path in ours}


def test_runs_and_protocols_serve_a_row_of_the_paper():
    used = {cell.strip('`') for _, row in RESULTS for cell in row[1:3]}
    assert {run.name for run in RUNS} <= used
    assert {run.name for run in PROTOCOLS} - used == {'linear, SSv2'}


@pytest.mark.parametrize(('table', 'row'), RESULTS, ids=str)
def test_result_names_a_run_a_protocol_and_the_paper(table, row):
    _, run, protocol, paper, ours = row
    if run.startswith('quoted'):
        assert ours == ''
        return
    assert run == 'none' or run.strip('`') in {r.name for r in RUNS}
    assert protocol in {p.name for p in PROTOCOLS}
    assert (run == 'none') is protocol.startswith('from scratch')
    numbers = [float(number) for number in paper.split(' / ')]
    both = table.split(':')[0] in ('Table 1', 'Table 2', 'Table 3', 'Table 4')
    assert len(numbers) == (2 if both else 1)
    assert all(0 < number < 100 for number in numbers)
    assert numbers == sorted(numbers, reverse=True)  # rare classes are harder
    assert ours == 'not run'
    if run.strip('`').endswith('_cv2'):
        assert protocol.endswith('CV2')  # evaluated where it trained
    if run.strip('`').endswith('_smarthome'):
        assert protocol.endswith('CS')


def test_all_tables_are_there():
    counts = {
        table.split(':')[0]: len(rows_of(README, f'### {table}'))
        for table in TABLES
    }
    assert counts == {
        'Table 1': 5,
        'Table 2': 6,
        'Table 3': 6,
        'Table 4': 6,
        'Table 5': 19,
        'Table 6': 5,
        'Table 7': 14,
    }
    assert len(rows_of(README, '### Table 8: classes of Smarthome')) == 11
    assert '### The t-SNE figure' in README


def test_same_row_has_the_same_number_wherever_it_appears():
    """Table 5 prints the second one of Tables 1 to 4."""
    seen: dict[tuple[str, str], str] = {}
    for _, (_, run, protocol, paper, _) in RESULTS:
        if not run.startswith('quoted'):
            last = paper.split(' / ')[-1]
            assert seen.setdefault((run, protocol), last) == last


@pytest.mark.parametrize('path', SLOW_PRETRAININGS, ids=name_of)
def test_header_has_the_numbers_of_the_tables(path):
    """Of the run that is this config without options, or the baseline's."""
    header = ast.get_docstring(ast.parse(path.read_text()))
    said = re.search(r'Number: (.*?)Ours', header, re.DOTALL)[1]
    numbers = set(re.findall(r'(\d+\.\d) %', said))
    printed: set[str] = set()
    for run in RUNS:
        if run.config == f'configs/{name_of(path)}' and '=' not in str(
            run.arguments
        ):
            rows = [row for _, row in RESULTS if row[1] == f'`{run.name}`']
            printed |= {n for row in rows for n in row[3].split(' / ')}
    readme = (path.parent / 'README.md').read_text()
    for line in readme.splitlines():
        if f'({path.name})' in line:
            printed |= set(re.findall(r'\d\d\.\d', line))
    assert numbers <= printed
    assert bool(numbers) is bool(printed)


@pytest.mark.parametrize('method', BASELINES)
def test_tables_of_the_baselines_have_batch_and_rate(method):
    text = (CONFIGS / method / 'README.md').read_text()
    rows = re.findall(
        r'^\| \[`(\w*slow50\w*)\.py`\]\(\S+\) \| (\d+) x 8 x (\d) \| (\S+) \|'
        r'.*\| not run \|$',
        text,
        re.MULTILINE,
    )
    assert len(rows) in (4, 8)
    for name, gpus, clips, rate in rows:
        cfg = load(CONFIGS / method / f'{name}.py')
        assert cfg.auto_scale_lr.base_batch_size == int(gpus) * 8
        assert cfg.optim_wrapper.optimizer.lr == pytest.approx(float(rate))
        pipeline = cfg.train_dataloader.dataset.pipeline
        assert pipeline[1].num_clips == int(clips)


def test_example_puts_the_neck_on_another_method(tmp_path):
    (text,) = re.findall(r'```python\n(.*?)```', README, re.DOTALL)
    path = tmp_path / 'example.py'
    path.write_text(text.replace('../', f'{CONFIGS}/'))
    cfg = Config.fromfile(path)
    assert cfg.model.head.type == 'CORPFHead'
    model, wrapper, batch = small_job(path, tmp_path)
    _, moved = take_step(model, wrapper, batch)
    assert moved == {name for name, _ in model.named_parameters()}


def test_links_lead_somewhere():
    links = re.findall(r'\]\((?!http)([^)#]+)', README)
    assert links
    missing = [link for link in links if not (CONFIGS / 'ltn' / link).exists()]
    assert missing == []

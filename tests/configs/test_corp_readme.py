"""configs/corp/README.md: its commands resolve to its numbers."""

from __future__ import annotations

import re

import pytest
from config_files import (
    CONFIGS,
    CORP_EVALUATIONS,
    CORP_PRETRAININGS,
    name_of,
)
from readme_tables import check_numbers, id_of_run, read_runs, rows_of

from vsslcodebase.registry import MODELS

README = (CONFIGS / 'corp' / 'README.md').read_text()
RUNS = read_runs(rows_of(README, '## Pre-training runs'))
PROTOCOLS = read_runs(rows_of(README, '## Evaluations'))
TABLES = [
    line
    for line in re.findall(r'^### (.*)$', README, re.MULTILINE)
    if 'Table 7' not in line and 'Figure' not in line
]
RESULTS = [
    (table, row) for table in TABLES for row in rows_of(README, f'### {table}')
]


@pytest.mark.parametrize('run', RUNS + PROTOCOLS, ids=id_of_run)
def test_command_resolves_to_the_numbers_beside_it(run):
    check_numbers(run)


@pytest.mark.parametrize('run', RUNS, ids=id_of_run)
def test_pretraining_follows_the_rule_of_the_paper(run):
    """Learning rate videos / 256; 5 % warm-up whatever the length."""
    gpus, videos, _ = run.batch
    assert run.rate == gpus * videos / 256
    (schedule,) = run.cfg.param_scheduler
    assert schedule.warmup_ratio == 0.05
    assert 'end' not in schedule
    MODELS.build(run.cfg.model.head)  # the ablation is one that exists


def test_names_and_work_directories_are_unique():
    runs = RUNS + PROTOCOLS
    assert len({run.name for run in runs}) == len(runs)
    assert len({run.arguments[1] for run in runs}) == len(runs)
    assert all(run.arguments[1] == f'work_dirs/{run.name}' for run in RUNS)


def test_readme_names_every_config_and_no_other():
    named = set(re.findall(r'configs/((?:corp|simclr|eval)/\S+?\.py)', README))
    assert named == {
        name_of(path) for path in CORP_PRETRAININGS + CORP_EVALUATIONS
    }


def test_every_run_and_protocol_serves_a_row_of_the_paper():
    used = {cell.strip('`') for _, row in RESULTS for cell in row[1:3]}
    used |= set(re.findall(r'`(\w+_ssv2)`', README.split('### Table 7')[1]))
    assert {run.name for run in RUNS + PROTOCOLS} <= used


@pytest.mark.parametrize(('table', 'row'), RESULTS, ids=str)
def test_result_names_a_run_a_protocol_and_the_paper(table, row):
    _, run, protocol, paper, ours = row
    if run.startswith('quoted'):
        assert ours == ''
        return
    assert run == 'none' or run.strip('`') in {r.name for r in RUNS}
    assert protocol in {p.name for p in PROTOCOLS}
    assert 0 < float(paper) < 100
    assert ours == 'not run'
    data = protocol.split(', ')[-1].split(' of ')[-1].lower()
    if run != 'none' and data in ('k400', 'ssv2'):
        assert run.strip('`').endswith(data)  # evaluated where it trained


def test_all_tables_are_there():
    heads = ' '.join(re.findall(r'^### (.*)$', README, re.MULTILINE))
    for number in range(1, 8):
        assert f'Table {number}' in heads
    assert 'Figure 3' in heads
    counts = [len(rows_of(README, f'### {table}')) for table in TABLES]
    assert counts == [6, 4, 4, 8, 13, 16, 1]


def test_same_row_has_the_same_number_wherever_it_appears():
    """Except where the paper itself disagrees; see docs/papers/corp.md."""
    disagreeing = {'corp_f_ssv2', 'corp_f_200e_k400'}
    seen: dict[tuple[str, str], str] = {}
    for _, (_, run, protocol, paper, _) in RESULTS:
        name = run.strip('`')
        if run == 'none' or name in disagreeing or run.startswith('quoted'):
            continue
        assert seen.setdefault((name, protocol), paper) == paper


def test_links_lead_somewhere():
    links = re.findall(r'\]\((?!http)([^)#]+)', README)
    assert links
    missing = [
        link for link in links if not (CONFIGS / 'corp' / link).exists()
    ]
    assert missing == []

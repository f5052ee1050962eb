"""configs/hcml/README.md: its commands resolve to its numbers."""

from __future__ import annotations

import ast
import re
import shlex

import pytest
import torch
from config_files import (
    CONFIGS,
    HCML_CONFIGS,
    HCML_EVALUATIONS,
    ROOT,
    load,
    name_of,
)
from readme_tables import (
    check_numbers,
    id_of_run,
    read_runs,
    resolved,
    rows_of,
)

from vsslcodebase.evaluation.multiply_adds import multiply_adds
from vsslcodebase.models.build import build_part
from vsslcodebase.registry import MODELS, TRANSFORMS

README = (CONFIGS / 'hcml' / 'README.md').read_text()
ROWS = {
    heading: rows_of(README, heading)
    for heading in ('## Pre-training runs', '## Runs with labels')
}
RUNS = [run for rows in ROWS.values() for run in read_runs(rows)]
STAGED = {
    row[0].strip('`')
    for rows in ROWS.values()
    for row in rows
    if 'train_stages' in row[1]
}
TESTS = dict(rows_of(README, '## Tests'))
TABLES = [
    line
    for line in re.findall(r'^### (.*)$', README, re.MULTILINE)
    if not line.startswith(('Table 5', 'Figure 3', 'Figure 4'))
]
RESULTS = [
    (table, row)
    for table in TABLES
    for row in rows_of(README, f'### {table}')
    if not row[1].startswith('`configs/')
]
VIEWS = {'1 view': (1, 224), '9 views': (3, 256), '30 views': (10, 256)}


def runs_of(cell: str) -> list[str]:
    """Names in a cell; of the splits of Table 4 there are three."""
    name = cell.strip('`')
    start, brace, rest = name.partition('{')
    parts = rest.rstrip('}').split(',')
    return [start + part for part in parts] if brace else [name]


@pytest.mark.parametrize('run', RUNS, ids=id_of_run)
def test_command_resolves_to_the_numbers_beside_it(run):
    check_numbers(run)


@pytest.mark.parametrize('run', RUNS, ids=id_of_run)
def test_run_builds_with_its_options(run):
    with torch.device('meta'):
        model = MODELS.build(run.cfg.model)
    levels = getattr(model.backbone, 'levels', ())
    blocks = re.search(r'-(\d)-block', run.name)
    if run.name.startswith('supervised_'):
        assert levels == ()
    else:
        assert levels == tuple(range(int(blocks[1]) if blocks else 3))
    if 'preliminary' in run.name:
        level = int(re.search(r'preliminary-(\d)', run.name)[1])
        assert model.motion_head.levels == [level] == [model.level]
        assert next(model.backbone.parameters()).requires_grad
    elif run.name.startswith('hcml'):
        assert tuple(model.motion_head.levels) == levels


@pytest.mark.parametrize('run', RUNS, ids=id_of_run)
def test_run_starts_from_the_end_of_another(run):
    """Checkpoints are of runs in the tables, at their last epoch."""
    cfg = run.cfg
    init = cfg.model.backbone.get('init_cfg') or {}
    start = cfg.load_from or init.get('checkpoint')
    assert bool(start) is ('block' in run.name or 'finetune' in run.name)
    if start is None:
        return
    folder, name, stage, file = start.split('/')
    (before,) = [other for other in RUNS if other.name == name]
    assert folder == 'work_dirs'
    assert name in STAGED
    assert stage in [entry['name'] for entry in before.cfg.stages]
    epochs = before.epochs if stage == 'joint' else 80
    assert file == f'epoch_{epochs}.pth'


@pytest.mark.parametrize('run', RUNS, ids=id_of_run)
def test_lists_are_of_the_split_in_the_name(run):
    split = re.search(r'split(\d)', run.name)
    if 'ucf101' not in run.name:
        assert split is None
        return
    number = split[1] if split else '1'
    lists = [
        run.cfg[f'{part}_dataloader'].dataset.ann_file
        for part in ('train', 'val', 'test')
    ]
    assert lists == [
        f'data/ucf101/{part}_split{number}.txt'
        for part in ('train', 'test', 'test')
    ]


def test_names_and_work_directories_are_unique():
    names = [run.name for run in RUNS]
    assert len(set(names)) == len(names)
    assert all(run.arguments[1] == f'work_dirs/{run.name}' for run in RUNS)


def test_readme_names_every_config_and_no_other():
    named = set(re.findall(r'configs/((?:hcml|eval)/\S+?\.py)', README))
    ours = HCML_CONFIGS + HCML_EVALUATIONS
    assert named == {name_of(path) for path in ours}


def test_runs_serve_a_row_of_the_paper():
    used = {name for _, row in RESULTS for name in runs_of(row[1])}
    unused = {run.name for run in RUNS} - used
    # joint training has their levels, too; and SSv2 is in Table 3 only
    assert {name for name in unused if 'ssv2' not in name} == {
        'hcml_r2d50_k400',
        'hcml_r2d50_ssv1',
        'hcml_r2plus1d101_k400',
        'hcml_r2plus1d101_ssv1',
        'hcml_r2plus1d101_ucf101',
    }
    assert 'hcml_joint_r2d50_ssv2' in used


@pytest.mark.parametrize(('table', 'row'), RESULTS, ids=str)
def test_result_names_a_run_a_test_and_the_paper(table, row):
    label, cell, evaluation, paper, ours = row
    if cell.startswith('quoted'):
        assert ours == ''
        return
    names = runs_of(cell)
    assert set(names) <= {run.name for run in RUNS}
    assert ours == 'not run'
    network = 'R(2+1)D' if 'r2plus1d101' in cell else 'R2D'
    assert label.startswith((network, 'level'))
    for title, data in (('K400', 'k400'), ('SSv1', 'ssv1'), ('SSv2', 'ssv2')):
        assert (title in label) is (data in cell) or 'Table 7' in table
    if evaluation.startswith('efficacy'):
        assert int(label.split()[1].strip(',')) == int(evaluation[-1]) + 1
        assert paper == 'picture only'
        return
    views = evaluation.split(',')[0]
    assert views in VIEWS
    assert views != '9 views' or 'ssv' in cell
    assert views != '30 views' or 'ssv' not in cell
    if paper != 'figure only':
        numbers = [float(number) for number in paper.split(' / ')]
        both = table.split(':')[0] in ('Table 2', 'Table 6')
        assert len(numbers) == (2 if both else 1)
        assert numbers == sorted(numbers)  # top-5 is above top-1
        assert all(0 < number < 100 for number in numbers)


def test_all_tables_are_there():
    counts = {
        table.split(':')[0]: len([row for t, row in RESULTS if t == table])
        for table in TABLES
    }
    assert counts == {
        'Table 1': 8,
        'Table 2': 18,
        'Table 3': 8,
        'Table 4': 2,
        'Table 6': 3,
        'Table 7': 5,
        'Figure 2': 8,
    }
    for place in ('### Table 5', '### Figure 3', '### Figure 4'):
        assert place in README


def test_same_row_has_the_same_number_wherever_it_appears():
    seen: dict[tuple[str, str], str] = {}
    for _, (_, run, evaluation, paper, _) in RESULTS:
        if not run.startswith('quoted') and paper != 'figure only':
            top1 = paper.split(' / ')[0]
            assert seen.setdefault((run, evaluation), top1) == top1


@pytest.mark.parametrize('path', HCML_CONFIGS + HCML_EVALUATIONS, ids=name_of)
def test_header_has_the_numbers_of_the_tables(path):
    header = ast.get_docstring(ast.parse(path.read_text()))
    said = re.search(r'Number: (.*?)Ours', header, re.DOTALL)[1]
    mine = {
        run.name for run in RUNS if run.config == f'configs/{name_of(path)}'
    }
    if path.stem in ('hcml_r2d50_k400', 'hcml_r2plus1d101_k400'):
        network = path.stem.split('_')[1]  # what they are trained for
        mine = {f'finetune-motion_{network}_ucf101'}
    rows = [row for _, row in RESULTS if mine & set(runs_of(row[1]))]
    printed = {n for row in rows for n in re.findall(r'\d\d\.\d', row[3])}
    if path.stem.startswith('hcml_joint'):
        printed -= {'91.6', '93.3'}  # top-5 of Table 6
    assert set(re.findall(r'(\d\d\.\d) %', said)) == printed


@pytest.mark.parametrize('views', VIEWS)
@pytest.mark.parametrize('path', HCML_EVALUATIONS, ids=name_of)
def test_views_are_as_many_as_the_table_says(path, views):
    options = next(TESTS[key] for key in TESTS if key.startswith(views))
    words = shlex.split(options.strip('`'))[4:]
    arguments = ['--work-dir', 'none', *words]
    cfg = resolved(f'configs/{name_of(path)}', arguments)
    is_ssv = 'ssv' in path.stem
    if (views == '9 views') is not is_ssv and views != '1 view':
        return
    pipeline = cfg.test_dataloader.dataset.pipeline
    num_clips, size = VIEWS[views]
    assert pipeline[1].num_clips == num_clips
    crop = pipeline[3].transforms[-1]
    kind = 'CenterCrop' if views == '1 view' else 'ThreeCrop'
    assert (crop.type, crop.crop_size) == (kind, size)
    for slot in pipeline:
        TRANSFORMS.build(slot)
    if views == '1 view':  # which is what validation sees
        assert pipeline == cfg.val_dataloader.dataset.pipeline


def test_multiply_adds_are_those_of_the_table():
    rows = [
        row
        for row in rows_of(README, '### Table 2: blocks and self-supervision')
        if row[1].startswith('`configs/')
    ]
    plain: dict[str, int] = {}
    for _, config, frames, paper, counted in rows:
        backbone = load(ROOT / config.strip('`')).model.backbone
        with torch.device('meta'):
            network = build_part(dict(backbone))
        count = multiply_adds(network, (3, int(frames), 256, 256))['']
        ratio = count / plain.setdefault(frames, count)
        text = f'{count / 1e9:.2f} G'
        assert counted == (text if ratio == 1 else f'{text}, {ratio:.3f}x')
        assert f'{ratio:.2f}x' in paper
    assert len(rows) == 4


def test_commands_one_by_one_are_the_stages():
    """Both ways to train start each level from the one below."""
    block = README.split('trainings of their own')[1].split('```')[1]
    commands = block.replace('\\\n', ' ').splitlines()[1:]
    joint = load(CONFIGS / 'hcml' / 'hcml_joint_r2d50_k400.py')
    assert len(commands) == len(joint.stages) == 4
    before = None
    for command, stage in zip(commands, joint.stages):
        words = shlex.split(command)
        cfg = resolved(words[1], words[3:])
        assert words[4] == f'work_dirs/hcml_r2d50_k400/{stage["name"]}'
        assert cfg.load_from == before
        assert cfg.model.get('level') == stage.get('options', {}).get(
            'model.level'
        )
        assert bool(cfg.partial_load) is (stage['name'] == 'joint')
        before = f'{words[4]}/epoch_{cfg.train_cfg.max_epochs}.pth'


def test_example_puts_blocks_into_another_network():
    (text,) = re.findall(r'```python\n(.*?)```', README, re.DOTALL)
    names: dict = {}
    exec(text, names)
    with torch.device('meta'):
        network = build_part(names['model']['backbone'])
    assert network.motion_channels == {0: 64, 1: 128, 2: 256}


def test_links_lead_somewhere():
    links = re.findall(r'\]\((?!http)([^)#]+)', README)
    assert links
    missing = [
        link for link in links if not (CONFIGS / 'hcml' / link).exists()
    ]
    assert missing == []

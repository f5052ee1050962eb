"""``make bench``: which scripts it runs and what it writes."""

import ast
from importlib import import_module

import pytest
from config_files import ROOT


@pytest.fixture
def run_all():
    return import_module('run_all')


def test_every_script_of_the_folder_is_run(run_all):
    names = [path.name for path in run_all.find_scripts()]
    assert names == [
        'cost_volume.py',
        'data_path.py',
        'losses.py',
        'moco_loss.py',
        'momentum_update.py',
        'preprocessor.py',
        'relation.py',
    ]


def test_every_script_says_what_it_compares_and_how_to_run_it(run_all):
    for path in run_all.find_scripts():
        text = ast.get_docstring(ast.parse(path.read_text()))
        assert f'Run ``python benchmarks/{path.name}``' in text
        assert 'Run ``' not in run_all.describe(path)
        assert run_all.describe(path).startswith(text.split('\n')[0])


def test_the_committed_results_are_of_all_scripts(run_all):
    text = (ROOT / 'benchmarks/RESULTS.md').read_text()
    for path in run_all.find_scripts():
        assert f'## {path.stem}\n' in text, 'run `make bench`'


def test_parts_and_the_runner_itself_are_not_run(run_all, tmp_path):
    for name in ('b.py', 'a.py', '_part.py', 'run_all.py', 'notes.md'):
        (tmp_path / name).touch()
    names = [path.name for path in run_all.find_scripts(tmp_path)]
    assert names == ['a.py', 'b.py']


def test_the_report_has_descriptions_and_tables(run_all, tmp_path, capfd):
    script = tmp_path / 'tiny.py'
    script.write_text(
        '"""Time of nothing.\n\nRun ``tiny``.\n\nTwo ways."""\n'
        "print('| a |')\n"
        "import sys; print('half done', file=sys.stderr)\n"
    )
    text = run_all.report([script])
    assert text.endswith(
        '## tiny\n\n`python benchmarks/tiny.py`\n\n'
        'Time of nothing.\n\nTwo ways.\n\n| a |\n'
    )
    assert text.startswith('# Benchmarks\n')
    assert 'decord 0.6' in text
    assert 'half done' in capfd.readouterr().err  # progress is passed on


def test_a_script_that_fails_is_named(run_all, tmp_path):
    script = tmp_path / 'broken.py'
    script.write_text('raise SystemExit(3)')
    with pytest.raises(SystemExit, match=r'broken\.py failed; nothing was'):
        run_all.report([script])

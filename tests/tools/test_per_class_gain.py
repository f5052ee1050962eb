from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import cv2
import mmengine
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.evaluator import DumpResults, Evaluator

from vsslcodebase.engine.launch import project_root
from vsslcodebase.evaluation import PerClassAccMetric

NAMES = ['enter', 'leave', 'walk', 'never filmed']
LABELS = [0, 0, 0, 0, 1, 1, 2, 2, 2, 2]
BEFORE = [0, 1, 1, 1, 0, 0, 2, 2, 2, 2]  # 25 %, 0 %, 100 %
AFTER = [0, 0, 0, 1, 1, 0, 2, 2, 2, 3]  # 75 %, 50 %, 75 %


def load_tool():
    file = Path(project_root()) / 'tools' / 'analysis' / 'per_class_gain.py'
    spec = importlib.util.spec_from_file_location('per_class_gain', file)
    module = importlib.util.module_from_spec(spec)
    sys.modules['per_class_gain'] = module  # NamedTuples look it up
    spec.loader.exec_module(module)
    return module


tool = load_tool()


def evaluate(folder, name, predicted):
    """Write what both metrics write of a run with these predictions."""
    table, dump = folder / f'{name}.csv', folder / f'{name}.pkl'
    evaluator = Evaluator(
        [
            PerClassAccMetric(class_names=NAMES, out_file=str(table)),
            DumpResults(str(dump)),
        ]
    )
    for label, prediction in zip(LABELS, predicted):
        sample = ActionDataSample().set_gt_label(label)
        sample.set_pred_score(torch.eye(4)[prediction])
        evaluator.process([sample], {})
    evaluator.evaluate(size=len(LABELS))
    return table, dump


@pytest.fixture
def runs(tmp_path):
    return [
        evaluate(tmp_path, name, predicted)
        for name, predicted in (('before', BEFORE), ('after', AFTER))
    ]


@pytest.fixture
def run_tool(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, 'argv', ['tool', *map(str, words)])
        tool.main()

    return run


def test_gains_are_sorted_and_the_mean_is_that_of_the_classes(
    runs, run_tool, capsys
):
    run_tool(runs[0][0], runs[1][0])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-6:-1] == [
        ' +50.00   25.00   75.00      4  enter',
        ' +50.00    0.00   50.00      2  leave',
        ' -25.00  100.00   75.00      4  walk',
        ' +25.00   41.67   66.67     10  mean of 3 classes',
        '1 classes have no video and are left out',
    ]


def test_table_and_dump_say_the_same(runs):
    (table, dump), (other_table, other_dump) = runs
    expected = tool.compare(tool.read_run(table), tool.read_run(other_table))
    for before, after in ((dump, other_dump), (table, other_dump)):
        counts = tool.read_run(before), tool.read_run(after)
        assert tool.compare(*counts, NAMES) == expected
    unnamed = tool.compare(tool.read_run(dump), tool.read_run(other_dump))
    assert [row.name for row in unnamed] == ['0', '1', '2']


def test_top_shows_the_best_and_the_worst():
    rows = [tool.ClassGain(str(i), 1, 0, -i) for i in range(9)]
    assert [row.name for row in tool.choose(rows, 2)] == ['0', '1', '7', '8']
    assert tool.choose(rows, 5) == rows
    assert tool.choose(rows, None) == rows


def test_the_mean_is_of_all_classes_though_few_are_shown(
    runs, run_tool, capsys
):
    run_tool(runs[0][0], runs[1][0], '--top', '1')
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[-5:-3]] == ['enter', 'walk']
    assert '+25.00   41.67   66.67     10  mean of 3' in lines[-3]


def test_the_picture_has_a_bar_to_each_side(runs, run_tool, tmp_path):
    run_tool(runs[0][0], runs[1][0], '--out', 'gain.png')
    picture = cv2.imread(str(tmp_path / 'gain.png')).astype(int)
    blue, _, red = picture.transpose(2, 0, 1)
    gains = (blue - red > 100).nonzero()[1]
    losses = (red - blue > 100).nonzero()[1]
    assert gains.min() > losses.max()


@pytest.mark.parametrize(
    ('before', 'after', 'message'),
    [
        ([3, 1], [3, 1, 0], 'first run has 2 classes, the second 3'),
        ([3, 1], [3, 2], 'tested on 1 videos of 1, the second on 2'),
    ],
)
def test_runs_that_cannot_be_compared(before, after, message):
    counts = [tool.Counts(None, v, [0] * len(v)) for v in (before, after)]
    with pytest.raises(ValueError, match=message):
        tool.compare(*counts)


def test_bad_files_end_with_a_sentence(runs, run_tool, tmp_path):
    good = runs[0][0]
    (tmp_path / 'other.csv').write_text('a,b\n1,2\n')
    mmengine.dump({'acc': 1}, tmp_path / 'other.pkl')
    (tmp_path / 'torn.pkl').write_bytes(b'no pickle')
    (tmp_path / 'empty.pkl').touch()
    for name, message in (
        ('other.csv', 'is no table of PerClassAccMetric'),
        ('other.pkl', 'is no dump of a classification'),
        ('torn.pkl', 'is no dump of a classification'),
        ('empty.pkl', 'is no dump of a classification'),
        ('log.txt', 'neither a .csv table'),
        ('gone.csv', 'No such file'),
    ):
        with pytest.raises(SystemExit, match=f'error: .*{name}.*') as caught:
            run_tool(good, name)
        assert message in str(caught.value)
    with pytest.raises(SystemExit, match='--top is at least 1, got 0'):
        run_tool(good, good, '--top', '0')

import csv

import pytest
import torch
from mmaction.evaluation import AccMetric
from mmaction.structures import ActionDataSample
from mmengine.evaluator import Evaluator

from vsslcodebase.evaluation import PerClassAccMetric

# label and predicted class of six videos; class 3 has none
VIDEOS = [(0, 0), (0, 1), (0, 0), (1, 1), (2, 0), (2, 2)]
NAMES = ['push', 'pull', 'open', 'close']


def run(*metrics):
    evaluator = Evaluator(list(metrics))
    for label, predicted in VIDEOS:
        sample = ActionDataSample().set_gt_label(label)
        sample.set_pred_score(torch.eye(4)[predicted])
        evaluator.process([sample], {})
    return evaluator.evaluate(size=len(VIDEOS))


def test_mean_and_lowest_class_by_hand():
    found = run(PerClassAccMetric())
    expected = (2 / 3 + 1 + 1 / 2) / 3
    assert found['per_class/mean_acc'] == pytest.approx(expected)
    assert found['per_class/min_acc'] == pytest.approx(1 / 2)


def test_table_is_written(tmp_path):
    file = tmp_path / 'new' / 'table.csv'
    run(PerClassAccMetric(class_names=NAMES, out_file=str(file)))
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row['name'] for row in rows] == NAMES
    assert [row['videos'] for row in rows] == ['3', '1', '2', '0']
    assert [row['correct'] for row in rows] == ['2', '1', '1', '0']
    assert rows[0]['accuracy'] == '0.6667'
    assert rows[3]['accuracy'] == 'nan'


def test_log_says_both_accuracies_in_one_line(monkeypatch):
    said = []
    module = 'vsslcodebase.evaluation.per_class_metric'
    monkeypatch.setattr(
        f'{module}.print_log', lambda text, **_: said.append(text)
    )
    run(PerClassAccMetric(class_names=NAMES))
    *table, line = said[0].splitlines()
    assert table[1:3] == [
        ' 66.67%     2/3     push',
        '100.00%     1/1     pull',
    ]
    assert table[4] == '      - no video    close'
    assert line == (
        'top-1 66.67% of 6 videos, mean per-class 72.22% of 3 classes '
        '(without close: no video in the list)'
    )


def test_an_absent_class_that_is_predicted_does_not_count():
    metric = PerClassAccMetric()
    videos = [(0, 0), (0, 3), (1, 1)]  # of class 3 there is no video
    metric.results = [(label, predicted, 4) for label, predicted in videos]
    found = metric.compute_metrics(metric.results)
    assert found['mean_acc'] == pytest.approx((1 / 2 + 1) / 2)


@pytest.mark.parametrize('label', [-1, 4])
def test_a_label_the_model_does_not_have_is_named(label):
    sample = ActionDataSample().set_gt_label(label)
    sample.set_pred_score(torch.eye(4)[0])
    evaluator = Evaluator([PerClassAccMetric()])
    with pytest.raises(ValueError, match=rf'class {label}, but the .* 4 cl'):
        evaluator.process([sample], {})


def test_names_are_read_from_a_file(tmp_path):
    (tmp_path / 'names.txt').write_text('\n'.join(NAMES) + '\n')
    metric = PerClassAccMetric(class_names=str(tmp_path / 'names.txt'))
    assert metric.class_names == NAMES


def test_goes_together_with_mmactions_accuracy():
    found = run(PerClassAccMetric(), AccMetric())
    assert found['acc/top1'] == pytest.approx(4 / 6)


def test_wrong_number_of_names_is_seen_at_the_first_video():
    with pytest.raises(ValueError, match='got 2 class names'):
        run(PerClassAccMetric(class_names=['a', 'b']))

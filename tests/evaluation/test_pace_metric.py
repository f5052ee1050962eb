"""Pace accuracies counted by hand."""

import pytest
import torch

from vsslcodebase.evaluation import PaceMetric


def sample(labels, answers, wraps=None, num_paces=4):
    scores = torch.eye(num_paces)[torch.tensor(answers)]
    result = dict(pace_label=torch.tensor(labels), pace_scores=scores)
    if wraps is not None:
        result['clip_wraps'] = torch.tensor(wraps)
    return result


def test_accuracies_of_all_of_straight_and_of_each_pace():
    metric = PaceMetric()
    metric.process(None, [sample([0, 1], [0, 2], [False, True])])
    metric.process(
        None,
        [
            sample([1, 3], [1, 3], [True, True]),
            sample([3, 3], [3, 0], [False, False]),
        ],
    )
    assert metric.evaluate(3) == {
        'pace/acc': 4 / 6,
        'pace/acc_straight': 2 / 3,
        'pace/acc_0': 1.0,
        'pace/acc_1': 0.5,
        'pace/acc_3': pytest.approx(2 / 3),
    }


def test_clips_of_which_nothing_is_known_are_not_called_straight():
    metric = PaceMetric()
    metric.process(None, [sample([0, 1], [0, 2])])
    assert 'pace/acc_straight' not in metric.evaluate(1)
    metric.process(None, [sample([0, 1], [0, 2])])
    metric.process(None, [sample([1, 2], [1, 2], [False, False])])
    assert metric.evaluate(2)['pace/acc_straight'] == 1


def test_only_wrapped_clips_have_no_straight_accuracy():
    metric = PaceMetric()
    metric.process(None, [sample([0], [0], [True])])
    assert 'pace/acc_straight' not in metric.evaluate(1)


@pytest.mark.parametrize('key', ['pace_scores', 'pace_label'])
def test_what_is_missing_is_named(key):
    incomplete = sample([0], [0])
    del incomplete[key]
    with pytest.raises(ValueError, match=f"PaceMetric reads '{key}'"):
        PaceMetric().process(None, [incomplete])

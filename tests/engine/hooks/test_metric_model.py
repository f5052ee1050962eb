"""Metrics that ask for the model get it, the others are left alone."""

import types

import pytest

from vsslcodebase.engine.hooks import MetricModelHook


class Asking:
    model = None

    def set_model(self, model):
        self.model = model


@pytest.mark.parametrize('stage', ['val', 'test'])
def test_the_metrics_of_the_stage_get_the_model(stage):
    asking, other = Asking(), object()
    evaluator = types.SimpleNamespace(metrics=[other, asking])
    runner = types.SimpleNamespace(
        model='the model', **{f'{stage}_evaluator': evaluator}
    )
    getattr(MetricModelHook(), f'before_{stage}_epoch')(runner)
    assert asking.model == 'the model'

"""Metrics that ask for the model get it, the others are left alone."""

import types

import pytest

from vsslcodebase.engine.hooks import MetricModelHook


class Asking:
    model = None

    def set_model(self, model):
        self.model = model


class AskingMore(Asking):
    def set_pipeline(self, pipeline):
        assert self.model is None  # the model may be compared with it
        self.pipeline = pipeline


@pytest.mark.parametrize('stage', ['val', 'test'])
def test_the_metrics_of_the_stage_get_the_model(stage):
    asking, more, other = Asking(), AskingMore(), object()
    evaluator = types.SimpleNamespace(metrics=[other, asking, more])
    steps = {
        f'{name}_dataloader': dict(dataset=dict(pipeline=[dict(type=name)]))
        for name in ('val', 'test')
    }
    runner = types.SimpleNamespace(
        model='the model', cfg=steps, **{f'{stage}_evaluator': evaluator}
    )
    getattr(MetricModelHook(), f'before_{stage}_epoch')(runner)
    assert asking.model == more.model == 'the model'
    assert more.pipeline == [dict(type=stage)]

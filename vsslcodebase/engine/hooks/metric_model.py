"""Metrics that read features get the model."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from vsslcodebase.registry import HOOKS


@HOOKS.register_module()
class MetricModelHook(Hook):
    """Give the model to every metric that has ``set_model``.

    mmengine shows metrics what the model predicts. Retrieval reads layers
    and runs a second data set, the gallery, through the network.
    """

    def before_val_epoch(self, runner: Any) -> None:
        """Give it to the metrics of validation."""
        _give(runner.model, runner.val_evaluator)

    def before_test_epoch(self, runner: Any) -> None:
        """Give it to the metrics of the test."""
        _give(runner.model, runner.test_evaluator)


def _give(model: Any, evaluator: Any) -> None:
    """Call ``set_model`` where there is one."""
    for metric in evaluator.metrics:
        if hasattr(metric, 'set_model'):
            metric.set_model(model)

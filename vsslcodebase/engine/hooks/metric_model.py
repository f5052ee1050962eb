"""Metrics that read features get the model, and how videos are read."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from vsslcodebase.evaluation.pipelines import pipeline_of
from vsslcodebase.registry import HOOKS


@HOOKS.register_module()
class MetricModelHook(Hook):
    """Give the model to every metric that has ``set_model``.

    mmengine shows metrics what the model predicts. Retrieval reads layers
    and runs a second data set, the gallery, through the network; or it reads
    features from a file, made with the same pipeline: metrics that have
    ``set_pipeline`` are told that of the loop.
    """

    def before_val_epoch(self, runner: Any) -> None:
        """Give it to the metrics of validation."""
        _give(runner, 'val')

    def before_test_epoch(self, runner: Any) -> None:
        """Give it to the metrics of the test."""
        _give(runner, 'test')


def _give(runner: Any, stage: str) -> None:
    """Call ``set_pipeline`` and ``set_model`` where they are."""
    loader = runner.cfg.get(f'{stage}_dataloader')
    for metric in getattr(runner, f'{stage}_evaluator').metrics:
        if hasattr(metric, 'set_pipeline'):
            metric.set_pipeline(pipeline_of(loader))
        if hasattr(metric, 'set_model'):
            metric.set_model(runner.model)

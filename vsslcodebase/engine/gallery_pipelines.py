"""A gallery is read as its queries are."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from mmengine.config import Config

from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.pipelines import pipeline_difference, pipeline_of


def share_pipelines(cfg: Config) -> None:
    """Give the pipeline of the queries to each gallery that names none.

    The queries of a metric (``VideoRetrievalMetric``, ``KNNMetric``) are the
    videos of its loop, those of ``KNNHook`` stand beside its gallery.

    Args:
        cfg: Config of a run, changed in place.

    Raises:
        UsageError: A gallery names another pipeline than its queries have.
    """
    for key, gallery, query_key, query in _pairs(cfg):
        wanted = pipeline_of(query)
        if wanted is None or not isinstance(gallery, dict):
            continue  # nothing to give, or a gallery of saved features
        given = pipeline_of(gallery)
        if given is None:
            _innermost(gallery)['pipeline'] = deepcopy(wanted)
            continue
        other = pipeline_difference(given, wanted)
        if other:
            other = other.replace(' there, ', f' in {key}, ')
            raise UsageError(
                'unlike features would be compared: '
                f'{other.replace(" now", f" in {query_key}")}; leave the '
                'pipeline of the gallery out, and it has that of the queries'
            )


def _pairs(cfg: Config) -> Iterator[tuple[str, Any, str, Any]]:
    """Yield key and config of a gallery, and those of its queries."""
    for stage in ('val', 'test'):
        metrics = cfg.get(f'{stage}_evaluator') or {}
        loader = f'{stage}_dataloader'
        several = isinstance(metrics, (list, tuple))
        for place, metric in enumerate(metrics if several else [metrics]):
            key = f'{stage}_evaluator{f".{place}" if several else ""}'
            if isinstance(metric, dict) and metric.get('gallery'):
                gallery = metric['gallery']
                yield f'{key}.gallery', gallery, loader, cfg.get(loader)
    for place, hook in enumerate(cfg.get('custom_hooks') or []):
        if isinstance(hook, dict) and {'gallery', 'query'} <= hook.keys():
            key = f'custom_hooks.{place}'
            gallery, query = hook['gallery'], hook['query']
            yield f'{key}.gallery', gallery, f'{key}.query', query


def _innermost(dataset: dict[str, Any]) -> dict[str, Any]:
    """Return the data set inside of a data loader or of other data sets."""
    while isinstance(dataset.get('dataset'), dict):
        dataset = dataset['dataset']
    return dataset

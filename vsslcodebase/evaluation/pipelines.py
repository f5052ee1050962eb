"""Videos are compared when they were read in the same way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .feature_writer import difference


def pipeline_of(dataset: Any) -> Sequence[Any] | None:
    """Return the pipeline in the config of a data set, if there is one.

    Args:
        dataset: Config of a data set or of one around it, or anything else.
    """
    while isinstance(dataset, Mapping):
        if dataset.get('pipeline') is not None:
            return dataset['pipeline']
        dataset = dataset.get('dataset')
    return None


def pipeline_difference(given: Sequence[Any], wanted: Sequence[Any]) -> str:
    """Say how the second of two pipelines differs; '' for equal features.

    Which library decodes does not count: where it changes frames, its
    reader's documentation says so.

    Args:
        given: Steps as in a config.
        wanted: Likewise.
    """
    given, wanted = _plain(given), _plain(wanted)
    if [_type(step) for step in given] != [_type(step) for step in wanted]:
        names = [' > '.join(map(_type, steps)) for steps in (given, wanted)]
        return f'pipeline: {names[0]} there, {names[1]} now'
    return '; '.join(
        f'pipeline.{place}.{difference(one, other)}'
        for place, (one, other) in enumerate(zip(given, wanted))
        if one != other
    )


def _plain(pipeline: Sequence[Any]) -> list[Any]:
    """Return the steps in lists and dicts only, without a decoder's name."""
    steps = json.loads(json.dumps(list(pipeline), default=repr))
    for step in steps:
        if _type(step) == 'OpenVideo':
            step.pop('backend', None)
    return steps


def _type(step: Any) -> str:
    """Return the name of a step."""
    return step.get('type', '?') if isinstance(step, dict) else str(step)

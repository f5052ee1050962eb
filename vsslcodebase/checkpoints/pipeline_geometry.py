"""Frames, stride and size of the clips that a data loader's config makes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from vsslcodebase.evaluation.pipelines import pipeline_of
from vsslcodebase.registry import TRANSFORMS

UNKNOWN: dict[str, Any] = dict(
    num_frames=None, frame_interval=(), height=None, width=None
)
# Crops of a random box leave a size that is not known before
UNSIZED = {'RandomResizedCrop', 'MultiScaleCrop'}


def geometry_of_pipeline(loader: Mapping[str, Any] | None) -> dict[str, Any]:
    """Read the geometry fields of an ``InputContract``.

    The last step that gives frames a size decides; steps of another package,
    of which nothing is known, are passed over.

    Args:
        loader: Config of a data loader, or None.

    Returns:
        ``num_frames``, ``frame_interval``, ``height`` and ``width``.
    """
    found = dict(UNKNOWN)
    for step in _steps(pipeline_of((loader or {}).get('dataset')) or ()):
        arguments = {**_defaults(step.get('type')), **step}
        if 'clip_len' in arguments:
            found['num_frames'] = _whole(arguments['clip_len'])
            strides = arguments.get('paces', arguments.get('frame_interval'))
            found['frame_interval'] = _strides(strides)
        size = _size(str(step.get('type')), arguments)
        if size is not None:
            found['height'], found['width'] = size
    return found


def _steps(pipeline: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the steps in order, those inside ``transforms`` in its place.

    Of the lists of ``PerClip`` that are one for each clip, the first stands
    for all: clips of one batch have one size.
    """
    for step in pipeline:
        if not isinstance(step, Mapping):
            continue
        yield step
        inside = step.get('transforms')
        if isinstance(inside, Sequence) and inside:
            nested = isinstance(inside[0], Sequence)
            yield from _steps(inside[0] if nested else inside)


def _defaults(name: Any) -> dict[str, Any]:
    """Return what a transform's arguments are where a config is silent."""
    cls = TRANSFORMS.get(name) if isinstance(name, str) else name
    if cls is None:
        return {}
    return {
        key: parameter.default
        for key, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }


def _size(
    name: str, arguments: Mapping[str, Any]
) -> tuple[int | None, int | None] | None:
    """Return height and width after a step; None if it leaves them."""
    if name.rpartition('.')[2] in UNSIZED:
        return None, None
    if 'crop_size' in arguments:  # MMAction2: width, height
        return _pair(arguments['crop_size'], swap=True)
    if 'size' in arguments:
        return _pair(arguments['size'])
    if 'scale' in arguments and 'keep_ratio' in arguments:  # width, height
        keeps = arguments['keep_ratio']
        return (None, None) if keeps else _pair(arguments['scale'], swap=True)
    return None


def _pair(
    size: Any, swap: bool = False
) -> tuple[int | None, int | None] | None:
    """Return (height, width) of a number or a pair."""
    pair = (size, size) if isinstance(size, int) else size
    if not isinstance(pair, Sequence) or len(pair) != 2:
        return None
    first, second = map(_whole, pair)
    return (second, first) if swap else (first, second)


def _whole(value: Any) -> int | None:
    """Return a whole number from 1, else None."""
    return value if type(value) is int and value > 0 else None


def _strides(given: Any) -> tuple[float, ...]:
    """Return strides as numbers, '1/2' as 0.5; () for anything else."""
    values = given if isinstance(given, Sequence) else (given,)
    if isinstance(given, str):
        values = (given,)
    try:
        strides = [Fraction(value) for value in values]
    except (TypeError, ValueError, ZeroDivisionError):
        return ()
    return tuple(
        int(x) if x.denominator == 1 else float(x) for x in strides if x > 0
    )

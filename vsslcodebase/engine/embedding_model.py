"""Models with their neck, for the tools that ask what time does in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor, nn

from vsslcodebase.engine.feature_model import feature_model
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.features import batch_features
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.models.backbones.pretrained import (
    load_strictly,
    read_state_dict,
)
from vsslcodebase.models.clip_fields import stack_clip_field
from vsslcodebase.models.selfsup.clip_times import read_times


def embedding_model(cfg: Config, device: str | torch.device = 'cpu') -> Any:
    """Build a config's model and fill backbone and neck, all of both.

    Args:
        cfg: What ``feature_config`` returned, with a checkpoint.
        device: Where to put the model.

    Returns:
        The model in eval mode.

    Raises:
        UsageError: The model has no neck, or no checkpoint is given.
        ValueError: The checkpoint does not fit.
    """
    model = feature_model(cfg, device)
    if not isinstance(getattr(model, 'neck', None), nn.Module):
        raise UsageError(
            f'{type(model).__name__} has no neck; give the config and the '
            'checkpoint of the pre-training, not those of an evaluation'
        )
    if not cfg.load_from:
        raise UsageError('a checkpoint is needed: random necks tell nothing')
    found = {
        key.removeprefix('neck.'): value
        for key, value in read_state_dict(cfg.load_from).items()
        if key.startswith('neck.')
    }
    load_strictly(model.neck, found, f"{cfg.load_from} (prefix 'neck.')")
    return model


def neck_reader(model: Any) -> LayerReader:
    """Return what reads the vectors f that the neck of a model sees.

    The average of the backbone's map over time and over cells in space, as
    many as the neck pools to; its ``(N, D)`` go into :func:`neck_maps`.
    """
    return LayerReader(model.backbone, pool_size=_pool_size(model.neck))


def neck_maps(neck: nn.Module, features: Tensor) -> Tensor:
    """Turn vectors of :func:`neck_reader` back into maps (N, C, 1, p, p)."""
    size = _pool_size(neck)
    return features.unflatten(1, (-1, 1, size, size))


class TimedClips(NamedTuple):
    """V clips of N videos, on the CPU.

    Attributes:
        features: (N, V, D) float32, what the neck sees.
        starts: (N, V) float32, in seconds.
        times: (N, V, in) float32, what the neck reads; None where it reads
            nothing.
    """

    features: Tensor
    starts: Tensor
    times: Tensor | None


@torch.no_grad()
def read_timed_clips(model: Any, loader: Iterable[dict]) -> TimedClips:
    """Read features and times of all clips.

    Args:
        model: With backbone and neck, in eval mode.
        loader: Batches with ``inputs`` and ``data_samples``.

    Raises:
        ValueError: The frame rate of a video is unknown.
    """
    reader, device = neck_reader(model), torch.device('cpu')
    features, starts, times = [], [], []
    for batch in loader:
        part = batch_features(model, batch, reader, average_clips=False)
        shape, samples = part.features.shape[:2], batch['data_samples']
        features.append(part.features)
        start = stack_clip_field(
            samples,
            'clip_time',
            device,
            num_clips=shape[1],
            user='a question about time',
            advice='samplers leave it out where the frame rate of a video is '
            'unknown: remove such videos from the list, or re-encode them',
        )
        starts.append(start.float())
        read = read_times(model.neck, samples, device)
        if read is not None:
            times.append(read.unflatten(0, shape))
    return TimedClips(
        torch.cat(features),
        torch.cat(starts),
        torch.cat(times) if times else None,
    )


def _pool_size(neck: nn.Module) -> int:
    """Return the cells along a side that a neck pools to."""
    pool = getattr(neck, 'pool', None)
    size = getattr(pool, 'output_size', 1)
    return size[-1] if isinstance(size, tuple) else size

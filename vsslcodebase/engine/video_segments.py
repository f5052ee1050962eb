"""Chosen videos cut into segments, for the tools that draw their features."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from numpy.typing import NDArray
from torch import Tensor

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.datasets.transforms.independent_sampling import (
    SampleIndependentClips,
)
from vsslcodebase.datasets.transforms.per_clip import build_transforms
from vsslcodebase.engine.preflight import UsageError, bounds_of
from vsslcodebase.evaluation.features import batch_features
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.models.data_preprocessor import ClipDataPreprocessor


class VideoSegments(NamedTuple):
    """The S segments of a video, at S different times, earliest first.

    Attributes:
        filename: Path of the video.
        features: (S, D) float32, of the backbone.
        starts: (S,) float32, in seconds.
        ends: (S,) float32, in seconds; None where the sampler does not tell.
        frames: (S, H, W, 3) RGB uint8, the middle frame of each as the
            network sees it.
    """

    filename: str
    features: Tensor
    starts: Tensor
    ends: Tensor | None
    frames: NDArray[np.uint8]


class _EvenClips(SampleIndependentClips):
    """Clips as long as those, evenly spread; a single one in the middle."""

    def sample_starts(
        self, total_frames: int, span: float | None = None
    ) -> NDArray[np.float64]:
        """Return the (V,) first frames, without chance."""
        span = self.clip_len * self.frame_interval if span is None else span
        latest = max(total_frames - span, 0)
        if self.num_clips == 1:
            return np.array([latest / 2])
        return np.linspace(0, latest, self.num_clips)


def choose_videos(
    cfg: Config,
    videos: Sequence[str] | None,
    ann_file: str | None = None,
    indices: Sequence[int] | None = None,
) -> list[str]:
    """Return the paths of the videos that a command line names.

    Args:
        cfg: Its test data set says which folder the paths of a list start
            from, and how its lines are delimited.
        videos: Paths; or None where a list is given.
        ann_file: A list of videos, ``path label`` a line.
        indices: Entries of the list, from 0; None for all.

    Raises:
        UsageError: Neither or both are given, a video is named twice, or the
            list has no such entry.
    """
    if bool(videos) == bool(ann_file):
        raise UsageError('name the videos by --videos, or by --ann-file LIST')
    if ann_file is None:
        paths = list(videos or [])
    else:
        paths = _listed(test_dataset(cfg), ann_file, indices)
    if len(set(paths)) < len(paths):
        raise UsageError(f'a video is named twice: {sorted(paths)}')
    return paths


def _listed(
    dataset: dict[str, Any], ann_file: str, indices: Sequence[int] | None
) -> list[str]:
    """Return the paths of entries of a list."""
    listed = read_list(
        ann_file, dataset.get('delimiter', ' '), bounds_of(dataset)
    )
    chosen = range(len(listed)) if indices is None else indices
    outside = [i for i in chosen if not 0 <= i < len(listed)]
    if outside:
        raise UsageError(
            f'--indices are 0 to {len(listed) - 1} of {ann_file}, got '
            f'{outside}'
        )
    root = Path(
        dataset.get('data_root') or '',
        (dataset.get('data_prefix') or {}).get('video', ''),
    )
    return [str(root / listed[i][0]) for i in chosen]


def test_dataset(cfg: Config) -> dict[str, Any]:
    """Return the data set of a config's test, of its validation without one.

    Raises:
        UsageError: It has neither, or its pipeline samples no clips.
    """
    loader = cfg.get('test_dataloader') or cfg.get('val_dataloader')
    if not loader:
        raise UsageError(
            f'{cfg.filename} has no test_dataloader, whose pipeline videos '
            'are read with'
        )
    dataset = deepcopy(loader.to_dict()['dataset'])
    pipeline = dataset['pipeline']
    if len(pipeline) < 2 or 'clip_len' not in pipeline[1]:
        names = [step['type'] for step in pipeline]
        raise UsageError(
            'the second step of the test pipeline samples clips and has a '
            f'clip_len, got {names}'
        )
    return dataset


def read_clips(
    cfg: Config,
    video: str,
    num_clips: int = 1,
    frame_interval: int | None = None,
) -> dict[str, Any]:
    """Run the test pipeline on clips that are evenly spread over a video.

    Args:
        cfg: Config with a test or validation loader.
        video: Path.
        num_clips: How many; 1 is a clip in the middle.
        frame_interval: Frames from one to the next; default that of the
            pipeline, in whatever frame rate it counts.

    Returns:
        ``inputs`` (V, C, T, H, W) and ``data_samples``, as packed.

    Raises:
        UsageError: The video cannot be read.
    """
    pipeline = test_dataset(cfg)['pipeline']
    sampler = pipeline[1]
    if sampler['type'] == 'SampleIndependentClips' and not frame_interval:
        kept = {key: sampler[key] for key in sampler if key != 'type'}
        pipeline[1] = _EvenClips(**dict(kept, num_clips=num_clips))
    else:
        pipeline[1] = dict(
            type='SampleUniformClips',
            clip_len=sampler['clip_len'],
            frame_interval=frame_interval or sampler.get('frame_interval', 1),
            num_clips=num_clips,
        )
    results: Any = dict(
        filename=video, label=-1, modality='RGB', start_index=0
    )
    try:
        for transform in build_transforms(pipeline):
            results = transform(results)
    except BadVideoError as error:
        raise UsageError(f'cannot read {error}') from error
    return results


def shown_frames(packed: dict[str, Any]) -> NDArray[np.uint8]:
    """Return (V, T, H, W, 3) RGB frames of clips as the network sees them."""
    make_rgb = ClipDataPreprocessor(mean=(0, 0, 0), std=(1, 1, 1))
    seen = make_rgb(pseudo_collate([packed]))['inputs'][0]
    return seen.round().to(torch.uint8).permute(0, 2, 3, 4, 1).numpy()


def read_segments(
    cfg: Config, model: Any, reader: LayerReader, video: str, num_segments: int
) -> VideoSegments:
    """Read features of segments that are evenly spread over a video.

    Crops of one clip are averaged. A video shorter than ``num_segments``
    different clips has as many segments as there are.

    Args:
        cfg: Config with a test loader.
        model: With ``data_preprocessor``, in eval mode.
        reader: Of the model's backbone.
        video: Path.
        num_segments: How many, at most.

    Raises:
        UsageError: The video cannot be read, or does not tell its frame
            rate.
    """
    packed = read_clips(cfg, video, num_segments)
    sample = packed['data_samples']
    if 'clip_time' not in sample:
        raise UsageError(
            f'{video} does not tell its frame rate, so that its segments '
            'have no time in seconds'
        )
    features = batch_features(
        model, pseudo_collate([packed]), reader, average_clips=False
    ).features[0]
    starts, places = sample.clip_time.float().unique(return_inverse=True)
    rows = [torch.nonzero(places == i)[:, 0] for i in range(len(starts))]
    frames = shown_frames(packed)
    middle = frames.shape[1] // 2
    first = torch.stack([own[0] for own in rows])
    ends = sample.clip_end.float()[first] if 'clip_end' in sample else None
    return VideoSegments(
        video,
        torch.stack([features[own].mean(0) for own in rows]),
        starts,
        ends,
        np.stack([frames[int(own[len(own) // 2]), middle] for own in rows]),
    )

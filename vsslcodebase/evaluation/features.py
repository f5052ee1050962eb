"""Features of all videos of a data loader, by any model with a backbone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModel
from mmengine.utils import ProgressBar
from torch import Tensor, nn
from torch.utils.data import DataLoader

from .layers import LayerReader

Reader = Callable[[Tensor], Tensor]  # clips (N, C, T, H, W) -> (N, D)


class VideoFeatures(NamedTuple):
    """Features of N videos and what is known of them; on the CPU.

    Attributes:
        features: (N, D) float32, or (N, V, D) when clips are kept apart.
        labels: (N,) int64, -1 where a video has none.
        video_ids: (N,) int64, the line of the annotation file; -1 unknown.
        filenames: N paths, '' where unknown.
    """

    features: Tensor
    labels: Tensor
    video_ids: Tensor
    filenames: Sequence[str] = ()


def extract_features(
    model: BaseModel,
    loader: DataLoader,
    pool_size: int = 1,
    average_clips: bool = True,
    progress: bool = True,
    layer: str | None = None,
    pool: str | None = None,
    reader: Reader | None = None,
) -> VideoFeatures:
    """Pool a layer of the backbone, for every video of one process.

    Memory: the features, N * D * 4 bytes (times V with clips apart), filled
    batch by batch, and one batch on the device. 240,000 videos of 512 are
    0.5 GB, of layer 'p5' 9 GB: what does not fit is written to disk by
    ``save_features``.

    Args:
        model: A trunk of ours or MMAction2's ``Recognizer3D``: it has a
            ``data_preprocessor`` and a ``backbone``. Run in eval mode and
            left in the mode it came in.
        loader: Batches with ``inputs`` and ``data_samples``; the first one is
            the largest.
        pool_size: Of ``LayerReader``: cells along height and width.
        average_clips: Average the V clips of a video.
        progress: Print a progress bar with the time left.
        layer: Of ``LayerReader``: None for the last map, 'p5', 'p4' or the
            name of a module.
        pool: Of ``LayerReader``: 'gap', 'max', 'flat' or the usual one.
        reader: Read with this instead of the ``LayerReader`` of these three.

    Returns:
        Features, labels, video ids and paths in the loader's order.

    Raises:
        ValueError: An unknown layer, or the loader is empty.
    """
    if reader is None:
        reader = LayerReader(model.backbone, layer, pool, pool_size)
    bar = ProgressBar(len(loader), file=sys.stdout) if progress else None
    features, done = torch.empty(0), 0
    parts: list[VideoFeatures] = []
    with evaluating(model):
        for batch in loader:
            part = batch_features(model, batch, reader, average_clips)
            if not parts:
                rows = len(loader) * len(part.features)
                features = torch.empty(rows, *part.features.shape[1:])
            features[done : done + len(part.features)] = part.features
            done += len(part.features)
            parts.append(part._replace(features=torch.empty(0)))
            if bar is not None:
                bar.update()
    if bar is not None:
        bar.file.write('\n')
    if not parts:
        raise ValueError('no features: the data loader gives no batch')
    return VideoFeatures(
        features[:done],
        torch.cat([part.labels for part in parts]),
        torch.cat([part.video_ids for part in parts]),
        [name for part in parts for name in part.filenames],
    )


@torch.no_grad()
def batch_features(
    model: BaseModel,
    batch: dict[str, Any],
    reader: Reader,
    average_clips: bool = True,
) -> VideoFeatures:
    """Read a layer for one batch: what all uses of features go through.

    Args:
        model: With ``data_preprocessor``, in eval mode.
        batch: As the data loader gives it.
        reader: Of the model's backbone; a ``LayerReader`` or the like.
        average_clips: Average the V clips of a video.
    """
    data = model.data_preprocessor(batch, training=False)
    inputs, samples = data['inputs'], data['data_samples']
    clips = reader(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
    return describe((clips.mean(1) if average_clips else clips).cpu(), samples)


def describe(features: Tensor, samples: Sequence[Any]) -> VideoFeatures:
    """Add to the features of B videos what their data samples tell."""
    return VideoFeatures(
        features,
        torch.tensor([label_of(sample) for sample in samples]),
        torch.tensor([int(sample.get('video_id', -1)) for sample in samples]),
        [str(sample.get('filename', '')) for sample in samples],
    )


def label_of(sample: Any) -> int:
    """Return the class of a data sample, -1 if it has none."""
    return int(sample.gt_label) if 'gt_label' in sample else -1


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model into eval mode, and each module back into its own.

    A frozen part is in eval mode while the model is in training mode.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, was_training in modes.items():
            module.training = was_training

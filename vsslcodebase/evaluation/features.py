"""Features of all videos of a data loader, by any model with a backbone."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.utils import ProgressBar
from torch import Tensor
from torch.utils.data import DataLoader


class VideoFeatures(NamedTuple):
    """What ``extract_features`` returns; on the CPU.

    Attributes:
        features: (N, D) float32, or (N, V, D) when clips are kept apart.
        labels: (N,) int64, -1 where a video has none.
        video_ids: (N,) int64, the line of the annotation file; -1 unknown.
    """

    features: Tensor
    labels: Tensor
    video_ids: Tensor


@torch.no_grad()
def extract_features(
    model: BaseModel,
    loader: DataLoader,
    pool_size: int = 1,
    average_clips: bool = True,
    progress: bool = True,
) -> VideoFeatures:
    """Pool the backbone's last map, for every video of one process.

    Args:
        model: A trunk of ours or MMAction2's ``Recognizer3D``: it has a
            ``data_preprocessor`` and a ``backbone``. Run in eval mode and
            left in the mode it came in.
        loader: Batches with ``inputs`` and ``data_samples``.
        pool_size: Average over time and to ``pool_size`` x ``pool_size``
            cells in space, flattened to D features.
        average_clips: Average the V clips of a video.
        progress: Print a progress bar with the time left.

    Returns:
        Features, labels and video ids in the loader's order.
    """
    was_training = model.training
    model.eval()
    bar = ProgressBar(len(loader), file=sys.stdout) if progress else None
    features, labels, video_ids = [], [], []
    for batch in loader:
        data = model.data_preprocessor(batch, training=False)
        clips = data['inputs'].flatten(0, 1)
        maps = F.adaptive_avg_pool3d(
            model.backbone(clips).float(), (1, pool_size, pool_size)
        )
        pooled = maps.flatten(1).unflatten(0, data['inputs'].shape[:2])
        features.append((pooled.mean(1) if average_clips else pooled).cpu())
        labels += [_label(sample) for sample in data['data_samples']]
        video_ids += [
            int(sample.get('video_id', -1)) for sample in data['data_samples']
        ]
        if bar is not None:
            bar.update()
    model.train(was_training)
    if bar is not None:
        bar.file.write('\n')
    return VideoFeatures(
        torch.cat(features), torch.tensor(labels), torch.tensor(video_ids)
    )


def _label(sample: Any) -> int:
    """Return the class of a data sample, -1 if it has none."""
    return int(sample.gt_label) if 'gt_label' in sample else -1

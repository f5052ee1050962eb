"""Features of a whole data set from several processes, each video once."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import collect_results, get_rank, get_world_size
from mmengine.model import BaseModel
from torch.utils.data import DataLoader

from .features import VideoFeatures, extract_features


def gather_features(
    model: BaseModel,
    loader: DataLoader,
    progress: bool = True,
    collect_device: str = 'cpu',
    **options: Any,
) -> VideoFeatures | None:
    """Read the features of all videos and join them on the first process.

    Args:
        model: As for ``extract_features``.
        loader: As ``build_in_order`` makes it, on every process.
        progress: Print a progress bar, on the first process.
        collect_device: 'cpu' or 'gpu': which way the others send theirs.
        **options: Further ones of ``extract_features``.

    Returns:
        The features in the order of the data set; None on all processes but
        the first.
    """
    is_first = get_rank() == 0
    mine = extract_features(
        model, loader, progress=progress and is_first, **options
    )
    if get_world_size() == 1:
        return mine
    dataset: Any = loader.dataset  # torch's own type has no length
    found = collect_results(rows_of(mine), len(dataset), collect_device)
    return None if found is None else join_rows(found)


def rows_of(videos: VideoFeatures) -> list[tuple]:
    """Return a tuple for each video: what processes send to each other."""
    return list(
        zip(
            videos.features.numpy(),
            videos.labels.tolist(),
            videos.video_ids.tolist(),
            videos.filenames,
        )
    )


def join_rows(rows: list[tuple]) -> VideoFeatures:
    """Undo ``rows_of``."""
    features, labels, video_ids, filenames = zip(*rows)
    joined = torch.empty(len(rows), *features[0].shape)
    for row, feature in enumerate(features):
        joined[row] = torch.from_numpy(feature)
    return VideoFeatures(
        joined, torch.tensor(labels), torch.tensor(video_ids), filenames
    )

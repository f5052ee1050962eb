"""How many videos a config trains on, whether they are here or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.split_registry import registered_splits


def count_videos(cfg: Mapping[str, Any]) -> int | None:
    """Return the videos of a training epoch.

    Of the list, if it is there; else of the registered split whose list has
    this name. None if neither is.
    """
    dataset = cfg['train_dataloader']['dataset']
    name = dataset.get('ann_file')
    if not name:
        return None
    path = Path(dataset.get('data_root') or '', name)
    if path.is_file():
        count = len(read_list(path, dataset.get('delimiter', ' ')))
    else:
        known = [
            split.videos
            for split in registered_splits().values()
            if any(path.as_posix().endswith(one) for one in split.lists)
        ]
        if not known:
            return None
        count = known[0]
    wanted = dataset.get('num_videos')
    count = min(count, wanted) if wanted else count
    return count * (dataset.get('num_repeats') or 1)

"""A data loader of labelled videos, whose list is checked when it is built."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch.utils.data import DataLoader, Subset

from vsslcodebase.datasets.subsets import even_subset

from .feature_writer import build_in_order
from .labelled_sets import check_labels


class LabelledLoader(NamedTuple):
    """A data loader in the list's order, and the list.

    Attributes:
        loader: Of N videos.
        filenames: N paths; none where the data set does not tell its list
            without reading.
        labels: N classes; none likewise.
    """

    loader: DataLoader
    filenames: list[str]
    labels: list[int]


def open_labelled(
    name: str, videos: dict[str, Any], num_videos: int | None = None
) -> LabelledLoader:
    """Build a data loader, and check its list before hours are spent.

    Args:
        name: 'gallery' or 'query', for messages.
        videos: Config of a data loader with ``dataset`` inside, or of a data
            set alone, which is read one video at a time.
        num_videos: Take so many of them, see ``even_subset``; all where there
            are not more.

    Raises:
        ValueError: The set is empty or not in test mode, a video has no
            label, or the subset cannot be drawn.
    """
    if 'dataset' not in videos:
        videos = dict(dataset=videos, batch_size=1, num_workers=0)
    loader = build_in_order(videos)
    dataset: Any = loader.dataset
    if not len(dataset):
        raise ValueError(f'the {name} set is empty')
    if not getattr(dataset, 'test_mode', True):
        raise ValueError(
            f'the {name} set is for training: its clips change, and other '
            'videos stand in for unreadable ones; set test_mode=True'
        )
    filenames, labels = _list_of(dataset)
    if labels:
        check_labels(name, labels, filenames)
    if num_videos is None or num_videos >= len(dataset):
        return LabelledLoader(loader, filenames, labels)
    if not labels:
        raise ValueError(
            f'{num_videos} videos of the {name} set cannot be drawn by class, '
            f'as {type(dataset).__name__} tells no labels (get_data_info)'
        )
    rows = even_subset(labels, num_videos)
    return LabelledLoader(
        build_in_order(dict(videos, dataset=Subset(dataset, rows))),
        [filenames[row] for row in rows],
        [labels[row] for row in rows],
    )


def _list_of(dataset: Any) -> tuple[list[str], list[int]]:
    """Return paths and labels, as far as they are told without reading."""
    if not hasattr(dataset, 'get_data_info'):
        return [], []
    infos = [dataset.get_data_info(row) for row in range(len(dataset))]
    return (
        [info.get('filename', '') for info in infos],
        [info.get('label', -1) for info in infos],
    )

"""Two sets of labelled videos to compare: what must hold of them.

Retrieval and nearest-neighbour classification, as metrics, tools and a hook,
ask the same questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os.path import abspath
from typing import Any

import torch

from .feature_writer import difference
from .features import VideoFeatures
from .pipelines import pipeline_difference, pipeline_of

LEVELS = ('video', 'clip')
# what features must share, to be compared with each other
SHARED = ('backbone', 'weights', 'layer', 'pool', 'pool_size', 'level')


def check_sets(gallery: VideoFeatures, query: VideoFeatures) -> None:
    """Refuse two sets that cannot be compared.

    Args:
        gallery: Features of the training split.
        query: Features of the test split.

    Raises:
        ValueError: A set is empty, a video has no label, videos of the
            queries are in the gallery, the two have no class in common, or
            their features do not fit together.
    """
    for name, videos in (('gallery', gallery), ('query', query)):
        check_labels(name, videos.labels.tolist(), videos.filenames)
    check_apart(gallery.filenames, query.filenames)
    if gallery.features.shape[2:] != query.features.shape[2:] or (
        gallery.features.shape[-1] != query.features.shape[-1]
    ):
        raise ValueError(
            'the features do not fit together: gallery '
            f'{tuple(gallery.features.shape)}, query '
            f'{tuple(query.features.shape)}; take both from the same layer '
            'with the same pool and level'
        )
    check_classes(gallery.labels, query.labels)


def items_of(videos: VideoFeatures) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what is compared and its labels: videos, or all their clips."""
    if videos.features.ndim == 2:
        return videos.features, videos.labels
    num_clips = videos.features.shape[1]
    labels = videos.labels.repeat_interleave(num_clips)
    return videos.features.flatten(0, 1), labels


def check_labels(
    name: str, labels: Sequence[int], filenames: Sequence[str] = ()
) -> None:
    """Refuse a set that is empty or has videos without a label.

    Args:
        name: 'gallery' or 'query', for the message.
        labels: -1 for none.
        filenames: Of the videos, or nothing.
    """
    if not len(labels):
        raise ValueError(f'the {name} set is empty')
    without = [row for row, label in enumerate(labels) if label < 0]
    if without:
        example = filenames[without[0]] if len(filenames) else without[0]
        raise ValueError(
            f'{len(without)} of {len(labels)} videos of the {name} set have '
            f'no label, the first is {example}; neighbours are compared by '
            'class, so write the classes into its list, or name the labelled '
            'list'
        )


def check_apart(gallery: Iterable[str], query: Iterable[str]) -> None:
    """Refuse queries that are in the gallery: each would find itself."""
    known = {abspath(name) for name in gallery if name}
    inside = [name for name in query if name and abspath(name) in known]
    if inside:
        raise ValueError(
            f'{len(inside)} queries are in the gallery and would find '
            f'themselves, the first is {inside[0]}; the gallery is the '
            'training split, the queries are the test split'
        )


def check_classes(gallery: torch.Tensor, query: torch.Tensor) -> None:
    """Refuse two sets of labels, (N,) and (Q,), that share no class."""
    if not torch.isin(query, gallery).any():
        raise ValueError(
            'no class of the queries is in the gallery: classes '
            f'{_few(query)} and {_few(gallery)}. Are they the splits of one '
            'data set?'
        )


def check_settings(gallery: dict[str, Any], query: dict[str, Any]) -> None:
    """Refuse features of two different networks, layers, levels or clips.

    Args:
        gallery: Settings of saved features. Pipelines are compared where
            ``dataset`` tells both, colours where ``data_preprocessor`` does.
        query: The same of the other set.
    """
    colours = 'data_preprocessor'
    told = (colours,) if gallery.get(colours) and query.get(colours) else ()
    other = difference(gallery, query, (*SHARED, *told))
    one, two = (pipeline_of(s.get('dataset')) for s in (gallery, query))
    if not other and one is not None and two is not None:
        other = pipeline_difference(one, two)
    if other:
        other = other.replace(' there, ', ' in the gallery, ')
        raise ValueError(
            'features that were made differently cannot be compared: '
            + other.replace(' now', ' in the queries')
        )


def _few(labels: torch.Tensor) -> str:
    """Write the first few classes."""
    classes = labels.unique().tolist()
    more = ', ...' if len(classes) > 5 else ''
    return ', '.join(map(str, classes[:5])) + more

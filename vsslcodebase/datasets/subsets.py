"""Subsets of lists, for semi-supervised evaluation and for a quick look."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def stratified_subset(
    videos: Sequence[tuple[str, int]], share: float, seed: int = 0
) -> list[tuple[str, int]]:
    """Choose a share of the videos at random, of each class alike.

    The whole number nearest to ``share`` of the list is spread over the
    classes by the method of largest remainders; no class gets less than one
    video, even if the list becomes longer by that.

    Args:
        videos: (path, label) pairs, each label >= 0.
        share: In (0, 1].
        seed: Of the choice. With the same seed a smaller share of the same
            list is part of a larger one, as far as rounding allows.

    Returns:
        The chosen videos, in the order of the list.

    Raises:
        ValueError: ``share`` is out of range or a video has no label.
    """
    if not 0 < share <= 1:
        raise ValueError(f'the share must be in (0, 1], got {share}')
    members: dict[int, list[int]] = {}
    for place, (path, label) in enumerate(videos):
        if label < 0:
            raise ValueError(
                f'a subset by classes needs labels, {path!r} has none'
            )
        members.setdefault(label, []).append(place)
    sizes = _class_sizes({c: len(p) for c, p in members.items()}, share)
    chosen: list[int] = []
    for label, places in sorted(members.items()):
        order = np.random.default_rng((seed, label)).permutation(len(places))
        chosen += [places[i] for i in order[: sizes[label]]]
    return [videos[place] for place in sorted(chosen)]


def even_subset(labels: Sequence[int], count: int, seed: int = 0) -> list[int]:
    """Choose videos at random, equally many of each class.

    A class that has fewer gives all of them, and the others give more. Of
    classes that could give the last one, the lower ones do.

    Args:
        labels: Of the videos, each >= 0.
        count: How many, from the number of classes to that of videos.
        seed: Of the choice. With the same seed a smaller subset of the same
            list is part of a larger one.

    Returns:
        ``count`` places in the list, in order.

    Raises:
        ValueError: ``count`` is out of range.
    """
    classes = sorted(set(labels))
    if not len(classes) <= count <= len(labels):
        raise ValueError(
            f'an even subset of {len(labels)} videos of {len(classes)} '
            f'classes has {len(classes)} to {len(labels)} videos, got {count}'
        )
    turns = []
    for label in classes:
        places = np.flatnonzero(np.asarray(labels) == label)
        order = np.random.default_rng((seed, label)).permutation(places)
        turns += [(turn, label, int(p)) for turn, p in enumerate(order)]
    return sorted(place for _, _, place in sorted(turns)[:count])


def _class_sizes(counts: dict[int, int], share: float) -> dict[int, int]:
    """Return how many videos to take of each class."""
    sizes = {label: int(share * count) for label, count in counts.items()}
    total = math.floor(share * sum(counts.values()) + 0.5)
    by_remainder = sorted(
        counts, key=lambda label: (sizes[label] - share * counts[label], label)
    )
    for label in by_remainder[: total - sum(sizes.values())]:
        sizes[label] += 1
    return {label: max(size, 1) for label, size in sizes.items()}

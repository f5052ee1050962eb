"""What the neighbour searches share: checks, and how much is held."""

from __future__ import annotations

from torch import Tensor

# Similarities held at once: 2**24 float32 are 64 MiB.
MAX_SIMILARITIES = 2**24


def check_neighbours(gallery: Tensor, labels: Tensor, query: Tensor) -> None:
    """Raise ``ValueError`` unless features and labels fit together.

    Args:
        gallery: expected (N, d), N >= 1.
        labels: expected (N,).
        query: expected (Q, d).
    """
    if (
        gallery.ndim != 2
        or query.ndim != 2
        or gallery.shape[1] != query.shape[1]
    ):
        raise ValueError(
            'expected gallery (N, d) and query (Q, d), got '
            f'{tuple(gallery.shape)} and {tuple(query.shape)}'
        )
    if labels.shape != gallery.shape[:1] or not len(gallery):
        raise ValueError(
            f'expected one label for each of {len(gallery)} gallery items '
            f'and at least one item, got labels {tuple(labels.shape)}'
        )

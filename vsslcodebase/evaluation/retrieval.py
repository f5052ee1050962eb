"""Video retrieval by nearest neighbours (as in Xu et al. 2019, VCOP)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .neighbours import nearest
from .similarity import check_neighbours

TOPK = (1, 5, 10, 20, 50)


@torch.no_grad()
def retrieval_recall(
    gallery: Tensor,
    gallery_labels: Tensor,
    query: Tensor,
    query_labels: Tensor,
    topk: Sequence[int] = TOPK,
) -> dict[str, float]:
    """Share of queries with an item of their class among the k nearest.

    Args:
        gallery: (N, d) features, one per video, of any length. They may be
            larger than memory, see ``nearest``.
        gallery_labels: (N,) integers.
        query: (Q, d) features of other videos.
        query_labels: (Q,) integers. A query whose class the gallery does not
            hold is a miss.
        topk: values of k; one above N means all items.

    Returns:
        ``{'R@1': ..., 'R@5': ...}`` in [0, 1]; cosine similarity. Among
        equally similar items the one with the lower index is the nearer.

    Raises:
        ValueError: for bad shapes or a k below 1, or if a feature is NaN.
    """
    check_neighbours(gallery, gallery_labels, query)
    if query_labels.shape != query.shape[:1] or not len(query):
        raise ValueError(
            f'expected query_labels ({len(query)},) of at least one query, '
            f'got {tuple(query_labels.shape)}'
        )
    if not topk or min(topk) < 1:
        raise ValueError(f'expected topk values of at least 1, got {topk}')
    index = nearest(gallery, query, max(topk)).indices
    hits = gallery_labels[index] == query_labels[:, None]
    return {f'R@{k}': hits[:, :k].any(1).double().mean().item() for k in topk}

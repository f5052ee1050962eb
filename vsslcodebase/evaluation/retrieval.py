"""Video retrieval by nearest neighbours (as in Xu et al. 2019, VCOP)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length

from .similarity import check_neighbours, query_blocks


@torch.no_grad()
@float32_math
def retrieval_recall(
    gallery: Tensor,
    gallery_labels: Tensor,
    query: Tensor,
    query_labels: Tensor,
    topk: Sequence[int] = (1, 5, 10, 20, 50),
) -> dict[str, float]:
    """Share of queries with an item of their class among the k nearest.

    Args:
        gallery: (N, d) features, one per video, of any length.
        gallery_labels: (N,) integers.
        query: (Q, d) features of other videos.
        query_labels: (Q,) integers. A query whose class the gallery does not
            hold is a miss.
        topk: values of k; one above N means all items.

    Returns:
        ``{'R@1': ..., 'R@5': ...}`` in [0, 1]; cosine similarity. Among
        equally similar items the one with the lower index is the nearer.

    Raises:
        ValueError: for bad shapes or a k below 1.
    """
    check_neighbours(gallery, gallery_labels, query)
    if query_labels.shape != query.shape[:1] or not len(query):
        raise ValueError(
            f'expected query_labels ({len(query)},) of at least one query, '
            f'got {tuple(query_labels.shape)}'
        )
    if not topk or min(topk) < 1:
        raise ValueError(f'expected topk values of at least 1, got {topk}')
    bank = unit_length(gallery.float())
    ranks = torch.cat(
        [
            _first_match(
                unit_length(query[rows].float()) @ bank.T,
                query_labels[rows, None] == gallery_labels,
            )
            for rows in query_blocks(query, gallery)
        ]
    )
    return {f'R@{k}': (ranks < k).double().mean().item() for k in topk}


def _first_match(similarity: Tensor, match: Tensor) -> Tensor:
    """Count the items nearer than the nearest one of the right class.

    Counting needs no sort of the gallery, and treats ties as documented.

    Args:
        similarity: (Q, N).
        match: (Q, N) bool, True for items of the query's class.

    Returns:
        (Q,) int64 ranks from 0; a huge number where nothing matches.
    """
    best = similarity.masked_fill(~match, -torch.inf).amax(1, keepdim=True)
    tied = similarity == best
    index = torch.arange(similarity.shape[1], device=similarity.device)
    nowhere = torch.iinfo(torch.int64).max
    first = index.where(tied & match, nowhere).amin(1, keepdim=True)
    nearer = (similarity > best) | (tied & (index < first))
    return nearer.sum(1).where(match.any(1), nowhere)

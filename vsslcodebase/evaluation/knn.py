"""Weighted nearest-neighbour classification (Wu et al. 2018, section 3.4)."""

from __future__ import annotations

import torch
from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length

from .similarity import check_neighbours, query_blocks


@torch.no_grad()
@float32_math
def knn_classify(
    gallery: Tensor,
    labels: Tensor,
    query: Tensor,
    k: int,
    temperature: float,
) -> Tensor:
    """Let the k most similar gallery items vote, by ``exp(cos / T)``.

    Args:
        gallery: (N, d) features of labelled items, of any length.
        labels: (N,) integers from 0.
        query: (Q, d) features to classify.
        k: neighbours that vote, 1 to N. Among equally similar items at the
            border it is not defined which ones are neighbours.
        temperature: T; 0.07 is usual.

    Returns:
        (Q, labels.max() + 1) float32 scores, the summed weights of each class.

    Raises:
        ValueError: for bad shapes, labels, k or temperature.
    """
    check_neighbours(gallery, labels, query)
    if not 1 <= k <= len(gallery):
        raise ValueError(f'expected 1 <= k <= {len(gallery)} items, got k={k}')
    if not temperature >= 0.0125:
        raise ValueError(
            f'got temperature={temperature}; below 0.0125 the weight '
            'exp(1 / temperature) exceeds float32'
        )
    if labels.min() < 0:
        raise ValueError(
            f'expected labels from 0, got {int(labels.min())}; leave '
            'unlabelled items out of the gallery'
        )
    bank = unit_length(gallery.float())
    scores = bank.new_zeros(len(query), int(labels.max()) + 1)
    for rows in query_blocks(query, gallery):
        similarity = unit_length(query[rows].float()) @ bank.T
        nearest, index = similarity.topk(k)  # (block, k) each
        weights = (nearest / temperature).exp()
        scores[rows].scatter_add_(1, labels[index], weights)
    return scores

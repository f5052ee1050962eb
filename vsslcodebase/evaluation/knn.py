"""Weighted nearest-neighbour classification (Wu et al. 2018, section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .neighbours import Neighbours, nearest
from .similarity import check_neighbours

NUM_NEIGHBOURS = (20, 200)
TEMPERATURE = 0.07
MIN_TEMPERATURE = 0.0125


@torch.no_grad()
def knn_classify(
    gallery: Tensor,
    labels: Tensor,
    query: Tensor,
    k: int,
    temperature: float = TEMPERATURE,
) -> Tensor:
    """Let the k most similar gallery items vote, by ``exp(cos / T)``.

    Exact: every query is compared with every item. Memory besides the inputs
    and the result: that of ``nearest``, about 0.4 GB, and 12 bytes for each
    neighbour of each query.

    Args:
        gallery: (N, d) features of labelled items, of any length. They may be
            larger than memory, see ``nearest``.
        labels: (N,) integers from 0.
        query: (Q, d) features to classify.
        k: Neighbours that vote, 1 to N. Among equally similar items the one
            with the lower index is the nearer.
        temperature: T, 0.0125 or more.

    Returns:
        (Q, labels.max() + 1) float32 scores, the summed weights of each
        class; 0 where a class has no vote.

    Raises:
        ValueError: For bad shapes, labels, k or temperature, or if a feature
            is NaN or infinite.
    """
    check_neighbours(gallery, labels, query)
    check_vote([k], temperature, len(gallery))
    _check_labels(labels)
    found = nearest(gallery, query, k)
    return _votes(found, labels, k, temperature).float()


@torch.no_grad()
def knn_accuracy(
    gallery: Tensor,
    gallery_labels: Tensor,
    query: Tensor,
    query_labels: Tensor,
    k: Sequence[int] = NUM_NEIGHBOURS,
    temperature: float = TEMPERATURE,
) -> dict[str, float]:
    """Share of queries whose class wins the vote of their k neighbours.

    Of two classes with equal scores the lower one wins, and a class without
    a vote is never among the first five.

    Args:
        gallery: (N, d) features, as for :func:`knn_classify`.
        gallery_labels: (N,) integers from 0.
        query: (Q, d) features of other items.
        query_labels: (Q,) integers. A query whose class the gallery does not
            hold is a miss.
        k: Values of k, 1 to N, for which the neighbours are found once.
        temperature: T, 0.0125 or more.

    Returns:
        For each k ``top1_k20`` and ``top5_k20``, over the queries, and
        ``mean1_k20``, the mean over the queries' classes of their top-1; all
        in [0, 1].

    Raises:
        ValueError: As :func:`knn_classify`, or if there is no query.
    """
    check_neighbours(gallery, gallery_labels, query)
    check_vote(k, temperature, len(gallery))
    _check_labels(gallery_labels)
    if query_labels.shape != query.shape[:1] or not len(query):
        raise ValueError(
            f'expected query_labels ({len(query)},) of at least one query, '
            f'got {tuple(query_labels.shape)}'
        )
    found = nearest(gallery, query, max(k))
    accuracy = {}
    for size in k:
        scores = _votes(found, gallery_labels, size, temperature)
        ranks = _ranks(scores, query_labels)
        hits = (ranks < 1).double()
        classes, inverse = query_labels.unique(return_inverse=True)
        of_class = hits.new_zeros(len(classes)).scatter_add(0, inverse, hits)
        accuracy[f'top1_k{size}'] = hits.mean().item()
        accuracy[f'top5_k{size}'] = (ranks < 5).double().mean().item()
        accuracy[f'mean1_k{size}'] = (
            (of_class / inverse.bincount()).mean().item()
        )
    return accuracy


def check_vote(
    k: Sequence[int], temperature: float, size: int | None = None
) -> None:
    """Refuse numbers of neighbours and temperatures that make no vote.

    A k above the size of the gallery is refused, not lowered: a figure is
    named after its k, and would be compared with others of that name.

    Args:
        k: Values of k.
        temperature: T.
        size: Items of the gallery, where it is known.

    Raises:
        ValueError: Naming the value and what is possible.
    """
    is_list = isinstance(k, Sequence) and all(isinstance(n, int) for n in k)
    if not is_list or not k or min(k) < 1 or len(set(k)) < len(k):
        raise ValueError(
            'k are different numbers of neighbours from 1 up, as k=(20, 200), '
            f'got {k}'
        )
    if size is not None and max(k) > size:
        raise ValueError(
            f'k={max(k)} neighbours cannot be found in a gallery of {size}; '
            'lower k, or take a larger gallery'
        )
    if not MIN_TEMPERATURE <= temperature < float('inf'):
        raise ValueError(
            f'got temperature={temperature}; below {MIN_TEMPERATURE} the '
            'weight exp(1 / temperature) exceeds float32, and 0.07 is usual'
        )


def _votes(
    found: Neighbours, labels: Tensor, k: int, temperature: float
) -> Tensor:
    """Return (Q, classes) float64 scores of the k first neighbours."""
    similarities, index = (part[:, :k] for part in found)
    weights = (similarities.double() / temperature).exp()
    num_classes = int(labels.max()) + 1
    scores = weights.new_zeros(len(weights), num_classes)
    return scores.scatter_add_(1, labels[index], weights)


def _ranks(scores: Tensor, labels: Tensor) -> Tensor:
    """Return how many classes are before the right one, (Q,) int64.

    More than there can be where the right one has no vote.
    """
    num_classes = scores.shape[1]
    known = labels.clamp(0, num_classes - 1)
    own = scores.gather(1, known[:, None])  # (Q, 1)
    lower = torch.arange(num_classes, device=scores.device) < known[:, None]
    ranks = ((scores > own) | (scores == own) & lower).sum(1)
    voted = (own[:, 0] > 0) & (labels == known)
    return ranks.masked_fill(~voted, torch.iinfo(ranks.dtype).max)


def _check_labels(labels: Tensor) -> None:
    if labels.min() < 0:
        raise ValueError(
            f'expected labels from 0, got {int(labels.min())}; leave '
            'unlabelled items out of the gallery'
        )

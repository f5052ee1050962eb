"""Nearest neighbours, one query at a time."""

import numpy as np


def _by_similarity(gallery, query):
    """Gallery indices, most similar first, lower index first among equals."""
    lengths = np.linalg.norm(gallery, axis=1) * np.linalg.norm(query)
    similarity = gallery @ query / lengths
    return sorted(
        range(len(gallery)), key=lambda n: -similarity[n]
    ), similarity


def knn(gallery, labels, queries, k, temperature):
    """Sum of exp(cos / T) over the k nearest of each class."""
    scores = np.zeros((len(queries), max(labels) + 1))
    for row, query in enumerate(queries):
        order, similarity = _by_similarity(gallery, query)
        for n in order[:k]:
            scores[row, labels[n]] += np.exp(similarity[n] / temperature)
    return scores


def recall(gallery, gallery_labels, queries, query_labels, topk):
    """Share of queries with their label among the k nearest."""
    hits = dict.fromkeys(topk, 0)
    for query, label in zip(queries, query_labels):
        order, _ = _by_similarity(gallery, query)
        for k in topk:
            hits[k] += any(gallery_labels[n] == label for n in order[:k])
    return {f'R@{k}': hits[k] / len(queries) for k in topk}

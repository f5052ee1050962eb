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


def knn_accuracy(gallery, labels, queries, wanted, k, temperature):
    """Top-1, top-5 and the mean over classes of the vote of k neighbours."""
    scores = knn(gallery, labels, queries, k, temperature)
    first, hits, of_class = 0, 0, {}
    for score, label in zip(scores, wanted):
        order = sorted(range(len(score)), key=lambda c: (-score[c], c))
        voted = [c for c in order if score[c] > 0]
        first += voted[0] == label
        hits += label in voted[:5]
        of_class.setdefault(label, []).append(voted[0] == label)
    return {
        f'top1_k{k}': first / len(queries),
        f'top5_k{k}': hits / len(queries),
        f'mean1_k{k}': np.mean([np.mean(h) for h in of_class.values()]),
    }


def recall(gallery, gallery_labels, queries, query_labels, topk):
    """Share of queries with their label among the k nearest."""
    hits = dict.fromkeys(topk, 0)
    for query, label in zip(queries, query_labels):
        order, _ = _by_similarity(gallery, query)
        for k in topk:
            hits[k] += any(gallery_labels[n] == label for n in order[:k])
    return {f'R@{k}': hits[k] / len(queries) for k in topk}

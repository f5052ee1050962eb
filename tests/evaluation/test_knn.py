"""Weighted nearest-neighbour votes against a loop."""

import math

import numpy as np
import pytest
import torch
from oracles import neighbours as oracle

from vsslcodebase.evaluation import knn_classify, similarity

GALLERY = torch.tensor([[1.0, 0], [0.6, 0.8], [0, 2], [-1, 0]])
LABELS = torch.tensor([0, 1, 1, 2])


def test_two_neighbours_vote_with_their_cosine():
    scores = knn_classify(GALLERY, LABELS, torch.tensor([[5.0, 0]]), 2, 0.5)
    expected = [[math.exp(1 / 0.5), math.exp(0.6 / 0.5), 0]]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


@pytest.mark.parametrize('block', [1, 40, 2**24])
@pytest.mark.parametrize('k', [1, 7, 30])
def test_scores_are_those_of_the_loop(k, block, monkeypatch):
    monkeypatch.setattr(similarity, 'MAX_SIMILARITIES', block)
    rng = np.random.default_rng(k)
    gallery, query = rng.normal(size=(30, 5)), rng.normal(size=(11, 5))
    labels = rng.integers(4, size=30)
    arrays = gallery, labels, query
    scores = knn_classify(*map(torch.from_numpy, arrays), k, 0.07)
    np.testing.assert_allclose(scores, oracle.knn(*arrays, k, 0.07), rtol=1e-4)


def test_half_precision_is_computed_in_float32():
    query = torch.randn(6, 2) * 200
    args = (GALLERY * 300).half(), LABELS, query.half(), 2, 0.02
    scores = knn_classify(*args)
    assert scores.dtype == torch.float32
    assert scores.isfinite().all()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(knn_classify(*args), scores)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(k=5), '1 <= k <= 4 items, got k=5'),
        (dict(k=0), 'got k=0'),
        (dict(temperature=0.01), 'temperature=0.01'),
        (dict(temperature=0), 'temperature=0'),
        (dict(labels=LABELS - 1), 'labels from 0, got -1'),
        (dict(labels=LABELS[:3]), r'each of 4 gallery items.*\(3,\)'),
        (dict(query=torch.ones(2, 3)), r'got \(4, 2\) and \(2, 3\)'),
        (dict(gallery=GALLERY[:0], labels=LABELS[:0]), 'at least one item'),
    ],
)
def test_unusable_arguments_are_refused(changes, message):
    kwargs = dict(
        gallery=GALLERY, labels=LABELS, query=GALLERY, k=1, temperature=0.1
    )
    with pytest.raises(ValueError, match=message):
        knn_classify(**{**kwargs, **changes})

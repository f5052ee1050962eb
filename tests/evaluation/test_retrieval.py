"""Retrieval recall against a loop."""

import numpy as np
import pytest
import torch
from oracles import neighbours as oracle

from vsslcodebase.evaluation import retrieval_recall, similarity

GALLERY = torch.tensor([[1.0, 0], [0.6, 0.8], [0, 2], [-1, 0]])
LABELS = torch.tensor([0, 1, 1, 2])


def test_recall_of_three_queries():
    query = torch.tensor([[3.0, 0], [1, 0.1], [0.1, 1]])
    # Right class at rank 1, at rank 2, at rank 4
    labels = torch.tensor([0, 1, 2])
    recall = retrieval_recall(GALLERY, LABELS, query, labels, (1, 2, 3, 4))
    assert recall == pytest.approx(
        {'R@1': 1 / 3, 'R@2': 2 / 3, 'R@3': 2 / 3, 'R@4': 1}
    )


@pytest.mark.parametrize('block', [1, 100, 2**24])
def test_recall_is_that_of_the_loop(block, monkeypatch):
    monkeypatch.setattr(similarity, 'MAX_SIMILARITIES', block)
    rng = np.random.default_rng(0)
    arrays = (
        rng.normal(size=(60, 6)),
        rng.integers(9, size=60),
        rng.normal(size=(25, 6)),
        rng.integers(11, size=25),  # classes 9 and 10 cannot be found
    )
    topk = (1, 5, 10, 20, 50, 100)
    recall = retrieval_recall(*map(torch.from_numpy, arrays), topk)
    assert recall == pytest.approx(oracle.recall(*arrays, topk))
    assert 0 < recall['R@1'] < recall['R@20'] < recall['R@100'] < 1


def test_default_ks_are_those_of_the_papers():
    recall = retrieval_recall(GALLERY, LABELS, GALLERY, LABELS)
    assert list(recall) == ['R@1', 'R@5', 'R@10', 'R@20', 'R@50']


def test_ties_go_to_the_lower_index_so_collapse_is_not_rewarded():
    """With equal features every query retrieves the gallery in its order."""
    ones = torch.ones(4, 3)
    recall = retrieval_recall(ones, LABELS, ones, LABELS, (1, 2, 3, 4))
    assert recall == {'R@1': 0.25, 'R@2': 0.75, 'R@3': 0.75, 'R@4': 1}
    zeros = retrieval_recall(0 * ones, LABELS, ones, LABELS, (1, 2, 3, 4))
    assert zeros == recall


def test_half_precision_is_computed_in_float32():
    rng = torch.Generator().manual_seed(0)
    gallery = (torch.randn(40, 8, generator=rng) * 300).half()
    labels = torch.arange(40) % 7
    args = gallery, labels, gallery.flip(1), labels
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert retrieval_recall(*args) == retrieval_recall(
            gallery.float(), labels, gallery.flip(1).float(), labels
        )


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(query_labels=LABELS[:2]), r'query_labels \(4,\)'),
        (dict(topk=(0, 1)), r'at least 1, got \(0, 1\)'),
        (dict(topk=()), 'topk values'),
        (dict(gallery_labels=LABELS[:2]), 'one label for each of 4'),
        (
            dict(query=GALLERY[:0], query_labels=LABELS[:0]),
            'at least one query',
        ),
    ],
)
def test_unusable_arguments_are_refused(changes, message):
    kwargs = dict(
        gallery=GALLERY,
        gallery_labels=LABELS,
        query=GALLERY,
        query_labels=LABELS,
    )
    with pytest.raises(ValueError, match=message):
        retrieval_recall(**{**kwargs, **changes})

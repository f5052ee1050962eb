"""Weighted nearest-neighbour votes against a loop in float64."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from oracles import neighbours as oracle
from peak_memory import PEAK

from vsslcodebase.evaluation import knn_accuracy, knn_classify, similarity

GALLERY = torch.tensor([[1.0, 0], [0.6, 0.8], [0, 2], [-1, 0]])
LABELS = torch.tensor([0, 1, 1, 2])


def test_two_neighbours_vote_with_their_cosine():
    scores = knn_classify(GALLERY, LABELS, torch.tensor([[5.0, 0]]), 2, 0.5)
    expected = [[math.exp(1 / 0.5), math.exp(0.6 / 0.5), 0]]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def random_sets(seed, num_classes=4):
    rng = np.random.default_rng(seed)
    gallery, query = rng.normal(size=(30, 5)), rng.normal(size=(11, 5))
    labels, wanted = rng.integers(num_classes, size=(2, 30))
    return gallery, labels, query, wanted[:11]


@pytest.mark.parametrize('block', [1, 40, 2**24])
@pytest.mark.parametrize('k', [1, 7, 30])
def test_scores_are_those_of_the_loop(k, block, monkeypatch):
    monkeypatch.setattr(similarity, 'MAX_SIMILARITIES', block)
    arrays = random_sets(k)[:3]
    scores = knn_classify(*map(torch.from_numpy, arrays), k, 0.07)
    # cosines are float32, 1e-7 off; the weights 1 / 0.07 times as much
    np.testing.assert_allclose(scores, oracle.knn(*arrays, k, 0.07), rtol=1e-5)


@pytest.mark.parametrize('num_classes', [3, 9])
@pytest.mark.parametrize('seed', [0, 1, 2])
def test_accuracies_of_several_k_are_those_of_the_loop(seed, num_classes):
    arrays = random_sets(seed, num_classes)
    found = knn_accuracy(*map(torch.from_numpy, arrays), (1, 7, 30), 0.07)
    expected = {}
    for k in (1, 7, 30):
        expected |= oracle.knn_accuracy(*arrays, k, 0.07)
    assert found == pytest.approx(expected)
    assert list(found) == list(expected)


@pytest.mark.parametrize('block', [2, 2**24])
def test_among_equal_items_the_first_vote(block, monkeypatch):
    """A collapsed network: all cosines are 1, whatever is asked."""
    monkeypatch.setattr(similarity, 'MAX_SIMILARITIES', block)
    labels = torch.tensor([2, 1, 1, 0, 0, 0])
    scores = knn_classify(
        torch.ones(6, 3), labels, torch.ones(2, 3) * 7, 3, 1.0
    )
    np.testing.assert_allclose(scores, [[0, 2 * math.e, math.e]] * 2)


def test_of_equal_scores_the_lower_class_wins():
    gallery, labels = torch.ones(4, 2), torch.tensor([1, 0, 1, 0])
    found = knn_accuracy(
        gallery, labels, torch.ones(2, 2), torch.tensor([1, 0]), [2, 4]
    )
    assert found['top1_k2'] == found['top1_k4'] == 0.5  # class 0, not 1
    assert found['top5_k2'] == 1


def test_a_class_without_a_vote_is_not_among_the_first_five():
    query = torch.tensor([[1.0, 0.1]])
    found = [
        knn_accuracy(GALLERY, LABELS, query, torch.tensor([label]), [3])
        for label in (0, 1, 2, 3)
    ]
    # the third item is not asked, the class of the last is unknown
    assert [one['top5_k3'] for one in found] == [1, 1, 0, 0]
    assert [one['top1_k3'] for one in found] == [1, 0, 0, 0]


def test_mean_over_classes_counts_each_class_once():
    query = GALLERY[[0, 0, 0, 3]]
    wanted = torch.tensor([0, 0, 0, 1])  # the last is a miss
    found = knn_accuracy(GALLERY, LABELS, query, wanted, [1])
    assert found == dict(top1_k1=0.75, top5_k1=0.75, mean1_k1=0.5)


def test_length_of_features_does_not_matter():
    gallery, labels, query, wanted = map(torch.from_numpy, random_sets(5))
    lengths = torch.rand(30, 1).double() * 100 + 0.1
    first = knn_accuracy(gallery, labels, query, wanted, [5])
    other = knn_accuracy(gallery * lengths, labels, query * 3, wanted, [5])
    assert first == other


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
        (dict(k=5), 'k=5 neighbours cannot be found in a gallery of 4'),
        (dict(k=0), r'from 1 up, as k=\(20, 200\), got \[0\]'),
        (dict(k=1.5), r'got \[1\.5\]'),
        (dict(temperature=0.01), 'temperature=0.01'),
        (dict(temperature=0), 'temperature=0'),
        (dict(temperature=math.nan), 'temperature=nan'),
        (dict(labels=LABELS - 1), 'labels from 0, got -1'),
        (dict(labels=LABELS[:3]), r'each of 4 gallery items.*\(3,\)'),
        (dict(query=torch.ones(2, 3)), r'got \(4, 2\) and \(2, 3\)'),
        (dict(gallery=GALLERY[:0], labels=LABELS[:0]), 'at least one item'),
        (dict(query=torch.full((2, 2), torch.nan)), 'NaN'),
    ],
)
def test_unusable_arguments_are_refused(changes, message):
    kwargs = dict(
        gallery=GALLERY, labels=LABELS, query=GALLERY, k=1, temperature=0.1
    )
    with pytest.raises(ValueError, match=message):
        knn_classify(**{**kwargs, **changes})


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(k=(1, 5)), 'k=5 neighbours'),
        (dict(k=(2, 2)), r'different numbers .* got \(2, 2\)'),
        (dict(k=()), r'got \(\)'),
        (dict(k=20), 'got 20'),
        (dict(query_labels=LABELS[:2]), r'query_labels \(4,\).*got \(2,\)'),
        (dict(query=GALLERY[:0], query_labels=LABELS[:0]), 'at least one q'),
        (dict(gallery_labels=LABELS - 1), 'labels from 0, got -1'),
    ],
)
def test_unusable_sets_have_no_accuracy(changes, message):
    kwargs = dict(
        gallery=GALLERY,
        gallery_labels=LABELS,
        query=GALLERY,
        query_labels=LABELS,
        k=(1, 2),
    )
    with pytest.raises(ValueError, match=message):
        knn_accuracy(**{**kwargs, **changes})


MEASURE = f"""{PEAK}
import torch
torch.set_num_threads(1)
from vsslcodebase.evaluation import knn_accuracy
gallery = torch.randn(60_000, 2048)
query = gallery[:300] + 0.5 * torch.randn(300, 2048)
labels = torch.arange(60_000) % 400
before = peak()
print(knn_accuracy(gallery, labels, query, labels[:300])['top1_k20'])
print(peak() - before)
"""


@pytest.mark.slow
def test_memory_holds_no_second_gallery():
    """60,000 videos of 2,048 are 0.49 GB, as much as a copy would add.

    A quarter of Kinetics-400; what is added does not depend on the size.
    """
    done = subprocess.run(
        [sys.executable, '-c', MEASURE],
        capture_output=True,
        text=True,
        check=True,
    )
    accuracy, added = done.stdout.split()
    assert float(accuracy) == 1
    assert int(added) < 0.4e9

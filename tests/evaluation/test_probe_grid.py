"""Classifiers trained together are those trained alone."""

import pytest
import torch
from torch import nn

from vsslcodebase.evaluation.probe_grid import (
    Combination,
    Recipe,
    moments,
    train_grid,
)

COMBINATIONS = [
    Combination(0.01, 0.0),
    Combination(0.1, 0.0),
    Combination(0.1, 0.05),
    Combination(0.3, 0.01),
]


def problem(num=70, dims=12, num_classes=3, seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(num) % num_classes
    centres = torch.randn(num_classes, dims)
    features = 3 + 2 * (centres[labels] + torch.randn(num, dims))
    features[:, 0] = 7  # says nothing
    return features, labels


def train_alone(features, labels, combination, recipe):
    """The same by torch's own layers, optimizer and schedule."""
    generator = torch.Generator().manual_seed(recipe.seed)
    dims, num_classes = features.shape[1], int(labels.max()) + 1
    std = features.std(0, unbiased=False)
    std[0] = 1
    x = (features - features.mean(0)) / std
    layer = nn.Linear(dims, num_classes)
    first = 0.01 * torch.randn(dims, num_classes, generator=generator)
    with torch.no_grad():
        layer.weight.copy_(first.T)
        layer.bias.zero_()
    optimizer = torch.optim.SGD(
        [
            dict(params=[layer.weight], weight_decay=combination.weight_decay),
            dict(params=[layer.bias]),
        ],
        lr=combination.lr,
        momentum=recipe.momentum,
    )
    batches = -(-len(x) // recipe.batch_size)
    if recipe.milestones:
        stones = [stone * batches for stone in recipe.milestones]
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, stones)
    else:
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, recipe.epochs * batches
        )
    for _ in range(recipe.epochs):
        order = torch.randperm(len(x), generator=generator)
        for rows in order.split(recipe.batch_size):
            loss = nn.functional.cross_entropy(layer(x[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return layer, x


@pytest.mark.parametrize('milestones', [(), (2, 4)])
def test_together_as_alone(milestones):
    features, labels = problem()
    recipe = Recipe(5, 16, milestones, seed=3)
    grid = train_grid(features, labels, COMBINATIONS, 3, recipe)
    together = grid.scores(features)
    weights = grid.weight.reshape(12, len(COMBINATIONS), 3)
    for place, combination in enumerate(COMBINATIONS):
        layer, x = train_alone(features, labels, combination, recipe)
        torch.testing.assert_close(
            weights[:, place].T, layer.weight.detach(), rtol=1e-4, atol=1e-5
        )
        torch.testing.assert_close(
            together[place], layer(x).detach(), rtol=1e-4, atol=1e-4
        )
    assert not torch.allclose(together[0], together[1], atol=0.1)


def test_rows_that_are_left_out_change_nothing():
    features, labels = problem()
    rows = torch.arange(0, 70, 2)
    recipe = Recipe(2, 16)
    expected = train_grid(features, labels, COMBINATIONS, 3, recipe, rows)
    features[1::2], labels[1::2] = 1e6, -1
    found = train_grid(features, labels, COMBINATIONS, 3, recipe, rows)
    assert torch.equal(found.weight, expected.weight)
    assert torch.equal(found.mean, expected.mean)


def test_one_that_diverges_leaves_the_others_alone():
    features, labels = problem()
    recipe = Recipe(10, 16)
    wild = [*COMBINATIONS, Combination(1e30, 1.0)]
    grid = train_grid(features, labels, wild, 3, recipe)
    alone = train_grid(features, labels, COMBINATIONS, 3, recipe)
    torch.testing.assert_close(grid.weight[:, :12], alone.weight)
    accuracy, loss = grid.judge(features, labels, torch.arange(70))
    assert accuracy[-1] == 0
    assert accuracy[1] > 0.8
    assert loss[-1].isnan()


def test_judged_by_accuracy_and_cross_entropy():
    features, labels = problem()
    grid = train_grid(features, labels, COMBINATIONS, 3, Recipe(3))
    rows = torch.tensor([5, 1, 60])
    accuracy, loss = grid.judge(features, labels, rows)
    for place, scores in enumerate(grid.scores(features[rows])):
        right = (scores.argmax(1) == labels[rows]).double().mean()
        assert accuracy[place] == right
        expected = nn.functional.cross_entropy(scores.double(), labels[rows])
        torch.testing.assert_close(loss[place], expected)


def test_moments_in_blocks(monkeypatch):
    from vsslcodebase.evaluation import probe_grid

    features, _ = problem()
    monkeypatch.setattr(probe_grid, 'MAX_SIMILARITIES', 12 * 16)
    mean, std = moments(features, torch.arange(70))
    torch.testing.assert_close(mean, features.mean(0))
    expected = features.std(0, unbiased=False)
    expected[0] = 1
    torch.testing.assert_close(std, expected)


@pytest.mark.parametrize(
    ('labels', 'word'),
    [([0, 1, 3], r'0\.\.2'), ([0, -1, 1], r'0\.\.2'), ([0, 1], r'\(N,\)')],
)
def test_labels_that_do_not_fit(labels, word):
    with pytest.raises(ValueError, match=word):
        train_grid(
            torch.rand(3, 2), torch.tensor(labels), COMBINATIONS, 3, Recipe()
        )


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_features_that_are_no_numbers_are_not_0_per_cent(value):
    features, labels = problem()
    grid = train_grid(features, labels, COMBINATIONS, 3, Recipe(1))
    features[7, 2] = value
    with pytest.raises(ValueError, match='a feature is NaN or inf'):
        train_grid(features, labels, COMBINATIONS, 3, Recipe(1))
    with pytest.raises(ValueError, match='a feature is NaN or inf'):
        grid.judge(features, labels, torch.arange(70))

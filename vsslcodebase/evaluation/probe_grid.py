"""Many linear classifiers of the same features, trained as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .similarity import MAX_SIMILARITIES


class Combination(NamedTuple):
    """What the classifiers of a grid differ in."""

    lr: float
    weight_decay: float


class Recipe(NamedTuple):
    """What they share: SGD with momentum, on standardised features.

    Attributes:
        epochs: Passes over the training set.
        batch_size: Of a step; the last batch of an epoch may be smaller.
        milestones: Epochs from which on the rate is a tenth of what it was;
            none: it falls step by step as half a cosine.
        momentum: Of SGD, without Nesterov.
        seed: Of the first weights and the order.
    """

    epochs: int = 50
    batch_size: int = 256
    milestones: tuple[int, ...] = ()
    momentum: float = 0.9
    seed: int = 0


class ProbeGrid(NamedTuple):
    """K trained classifiers; float32.

    Attributes:
        mean: (D,) of the training features.
        std: (D,) of them, 1 where they are constant.
        weight: (D, K * C) for standardised features, one classifier's
            columns after the other's.
        bias: (K * C,).
        num_classes: C.
    """

    mean: Tensor
    std: Tensor
    weight: Tensor
    bias: Tensor
    num_classes: int

    def scores(self, features: Tensor) -> Tensor:
        """Return (K, N, C) class logits of features (N, D)."""
        standard = (features.to(self.mean) - self.mean) / self.std
        flat = standard @ self.weight + self.bias
        return flat.unflatten(1, (-1, self.num_classes)).transpose(0, 1)

    def judge(
        self, features: Tensor, labels: Tensor, rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return (K,) accuracies and mean cross entropies, in float64.

        Args:
            features: (N, D), which may be larger than memory.
            labels: (N,) integers.
            rows: (M,) those to judge by.

        Raises:
            ValueError: A feature is NaN or infinite.
        """
        num_probes = len(self.bias) // self.num_classes
        right = torch.zeros(num_probes, dtype=torch.float64)
        loss = torch.zeros_like(right)
        size = _rows_at_once(max(len(self.mean), len(self.bias)))
        for some in rows.split(size):
            scores = self.scores(_finite(features[some])).double().cpu()
            truth = labels[some].long().cpu()
            right += (scores.argmax(2) == truth).sum(1)
            chances = scores.log_softmax(2)
            loss -= chances[:, torch.arange(len(some)), truth].sum(1)
        # argmax of NaN is a class like any other
        accuracy = (right / len(rows)).masked_fill(loss.isnan(), 0)
        return accuracy, loss / len(rows)


@torch.no_grad()
def train_grid(
    features: Tensor,
    labels: Tensor,
    combinations: Sequence[Combination],
    num_classes: int,
    recipe: Recipe,
    rows: Tensor | None = None,
    device: str | torch.device = 'cpu',
) -> ProbeGrid:
    """Train a linear classifier for each combination, all in one pass.

    All see the same batches and start at the same weights, so that each
    becomes what it would become alone, up to rounding: the weights of all
    are the columns of one matrix, and a step is two matrix products. Weights
    decay, biases do not. Dimensions are standardised on the training set, as
    a BatchNorm1d without parameters approaches it.

    Memory: three matrices of D * K * C float32, and a batch. 20 combinations
    of 2,048 numbers and 101 classes are 50 MB, of 'p4' 1.2 GB.

    Args:
        features: (N, D) of any floating type; read batch by batch, so that
            they may be larger than memory.
        labels: (N,) integers from 0.
        combinations: K of them.
        num_classes: C.
        recipe: What they share.
        rows: (M,) the videos to train on; all by default.
        device: Where to compute.

    Raises:
        ValueError: Shapes disagree, labels lie outside the classes, or a
            feature is NaN or infinite.
    """
    rows = torch.arange(len(features)) if rows is None else rows
    _check(features, labels, rows, num_classes)
    mean, std = (part.to(device) for part in moments(features, rows))
    generator = torch.Generator().manual_seed(recipe.seed)
    first = 0.01 * torch.randn(
        features.shape[1], num_classes, generator=generator
    )
    weight = first.to(device).repeat(1, len(combinations))
    bias = torch.zeros(weight.shape[1], device=device)
    speed = [torch.zeros_like(weight), torch.zeros_like(bias)]
    lr, decay = (
        torch.tensor(values, device=device).repeat_interleave(num_classes)
        for values in zip(*combinations)
    )
    steps = math.ceil(len(rows) / recipe.batch_size)
    for epoch in range(recipe.epochs):
        order = rows[torch.randperm(len(rows), generator=generator)]
        for step, some in enumerate(order.split(recipe.batch_size)):
            x = (features[some].to(mean) - mean) / std
            truth = labels[some].long().to(device)
            slope = _slope(x @ weight + bias, truth, num_classes)
            rate = lr * _rate(recipe, epoch, step, steps)
            gradients = (x.T @ slope + decay * weight, slope.sum(0))
            for value, gradient, pace in zip((weight, bias), gradients, speed):
                pace.mul_(recipe.momentum).add_(gradient)
                value.sub_(rate * pace)
    return ProbeGrid(mean, std, weight, bias, num_classes)


def moments(features: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation (D,) of some rows, in blocks; float32.

    The deviation is 1 where the features are constant.

    Raises:
        ValueError: A feature is NaN or infinite.
    """
    dims = features.shape[1]
    size = _rows_at_once(dims)
    total = torch.zeros(dims, dtype=torch.float64)
    for some in rows.split(size):
        total += _finite(features[some]).double().sum(0).cpu()
    mean = total / len(rows)
    square = torch.zeros_like(mean)
    for some in rows.split(size):
        square += (features[some].double().cpu() - mean).square().sum(0)
    std = (square / len(rows)).sqrt()
    return mean.float(), torch.where(std > 1e-8, std, 1.0).float()


def _finite(features: Tensor) -> Tensor:
    """Refuse what no classifier can read; it would be 0 % right."""
    if not features.isfinite().all():
        raise ValueError('a feature is NaN or inf')
    return features


def _slope(flat: Tensor, truth: Tensor, num_classes: int) -> Tensor:
    """Return the gradient of K mean cross entropies by logits (B, K*C)."""
    chances = flat.unflatten(1, (-1, num_classes)).softmax(2)
    one_hot = torch.nn.functional.one_hot(truth, num_classes)
    return ((chances - one_hot[:, None]) / len(flat)).flatten(1)


def _rate(recipe: Recipe, epoch: int, step: int, steps: int) -> float:
    """Return what the learning rate is multiplied by."""
    if recipe.milestones:
        return 0.1 ** sum(epoch >= stone for stone in recipe.milestones)
    share = (epoch * steps + step) / (recipe.epochs * steps)
    return 0.5 * (1 + math.cos(math.pi * share))


def _rows_at_once(dims: int) -> int:
    """Return how many rows of so many numbers make a block of 64 MiB."""
    return max(1, min(2**14, MAX_SIMILARITIES // dims))


def _check(
    features: Tensor, labels: Tensor, rows: Tensor, num_classes: int
) -> None:
    """Raise ``ValueError`` where features and labels do not fit."""
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise ValueError(
            'expected features (N, D) and labels (N,), got '
            f'{tuple(features.shape)} and {tuple(labels.shape)}'
        )
    used = labels[rows]
    if not len(rows) or used.min() < 0 or used.max() >= num_classes:
        raise ValueError(
            f'expected at least one label, in 0..{num_classes - 1}, got '
            f'{sorted(set(used.tolist()))[:10]}; -1 marks a video without one'
        )

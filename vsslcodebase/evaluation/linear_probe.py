"""Linear classifiers of frozen features that fit in memory.

``fit_linear_probe`` is logistic regression on all of them at once: it gives
in seconds, and without any learning rate, what linear evaluation by SGD
(``LinearClsHead``) approaches. ``train_linear_probe`` is that SGD.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class LinearProbe(NamedTuple):
    """A fitted classifier; float64 tensors.

    Attributes:
        mean: (D,) of the training features.
        std: (D,) of the training features, 1 where they are constant.
        weight: (classes, D) for standardised features.
        bias: (classes,).
    """

    mean: Tensor
    std: Tensor
    weight: Tensor
    bias: Tensor

    def scores(self, features: Tensor) -> Tensor:
        """Return class logits (N, classes), float64, of features (N, D)."""
        standard = (features.double() - self.mean) / self.std
        return F.linear(standard, self.weight, self.bias)


def fit_linear_probe(
    features: Tensor,
    labels: Tensor,
    num_classes: int | None = None,
    l2: float = 1e-3,
    max_iter: int = 200,
) -> LinearProbe:
    """Fit a multinomial logistic regression by L-BFGS.

    Each dimension is standardised on the training set. The objective, mean
    cross entropy + l2/2 * |weight|^2, is convex and the start is zero, so
    that the result depends on the features alone, on no seed.

    Args:
        features: (N, D) of the training set, any floating type.
        labels: (N,) integer classes from 0.
        num_classes: Default: the largest label + 1.
        l2: Weight of the penalty; above 0 where classes can be separated.
        max_iter: Most steps of L-BFGS.

    Returns:
        The probe; ``probe.scores(other_features)`` classifies.

    Raises:
        ValueError: Shapes disagree, or labels lie outside the classes.
    """
    num_classes = _count_classes(features, labels, num_classes)
    x, mean, std = _standardise(features.double())
    weight = x.new_zeros(num_classes, x.shape[1], requires_grad=True)
    bias = x.new_zeros(num_classes, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=max_iter,
        tolerance_grad=1e-6,
        line_search_fn='strong_wolfe',
    )

    def objective() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(F.linear(x, weight, bias), labels.long())
        loss = loss + 0.5 * l2 * weight.square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(objective)
    return LinearProbe(mean, std, weight.detach(), bias.detach())


def train_linear_probe(
    features: Tensor,
    labels: Tensor,
    num_classes: int | None = None,
    epochs: int = 50,
    lr: float = 0.1,
    batch_size: int = 128,
    seed: int = 0,
) -> LinearProbe:
    """Train a linear classifier by SGD, its rate falling as half a cosine.

    Momentum is 0.9. Dimensions are standardised on the training set, as a
    BatchNorm1d without parameters approaches it.

    Args:
        features: (N, D) of the training set, any floating type.
        labels: (N,) integer classes from 0.
        num_classes: Default: the largest label + 1.
        epochs: Passes over the training set.
        lr: Rate of the first step.
        batch_size: Of a step; the last batch of an epoch may be smaller.
        seed: Of the first weights and the order.

    Raises:
        ValueError: Shapes disagree, or labels lie outside the classes.
    """
    num_classes = _count_classes(features, labels, num_classes)
    x, mean, std = _standardise(features.double())
    generator = torch.Generator().manual_seed(seed)
    weight = 0.01 * torch.randn(
        num_classes, x.shape[1], generator=generator, dtype=x.dtype
    )
    weight = weight.to(x.device).requires_grad_()
    bias = x.new_zeros(num_classes, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], lr=lr, momentum=0.9)
    steps = epochs * -(-len(x) // batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    with torch.enable_grad():
        for _ in range(epochs):
            order = torch.randperm(len(x), generator=generator)
            for rows in order.to(x.device).split(batch_size):
                logits = F.linear(x[rows], weight, bias)
                loss = F.cross_entropy(logits, labels[rows].long())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    return LinearProbe(mean, std, weight.detach(), bias.detach())


def inside_pair_accuracy(
    scores: Tensor,
    labels: Tensor,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> Tensor:
    """Tell a class from its mirror image only, such as left from right.

    A model that ignores the order of frames gives a video and its reversed
    twin the same scores, is right on exactly one of them, and so gets 0.5.

    Args:
        scores: (N, classes), higher is likelier.
        labels: (N,) integer classes.
        pairs: The classes that mirror each other. Default (0, 1), (2, 3),
            and so on, as motion-mini numbers its motions.

    Returns:
        Scalar float64: the share of videos whose class scores above the
        class's mirror image; equal scores count half.

    Raises:
        ValueError: A label is in no pair.
    """
    return inside_pair_hits(scores, labels, pairs).mean()


def inside_pair_hits(
    scores: Tensor,
    labels: Tensor,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> Tensor:
    """Return what ``inside_pair_accuracy`` averages: (N,) of 0, 1/2 or 1."""
    if pairs is None:
        pairs = [(c, c + 1) for c in range(0, scores.shape[1] - 1, 2)]
    mirror = torch.full((scores.shape[1],), -1)
    for a, b in pairs:
        mirror[a], mirror[b] = b, a
    labels = labels.long()
    other = mirror.to(labels.device)[labels]
    if (other < 0).any():
        lost = sorted(set(labels[other < 0].tolist()))
        raise ValueError(f'classes {lost} are in none of the pairs {pairs}')
    rows = torch.arange(len(labels), device=labels.device)
    margin = scores[rows, labels] - scores[rows, other]
    return 0.5 + 0.5 * margin.sign().double()


def _count_classes(
    features: Tensor, labels: Tensor, num_classes: int | None
) -> int:
    """Return the number of classes, or raise where labels do not fit."""
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise ValueError(
            'expected features (N, D) and labels (N,), got '
            f'{tuple(features.shape)} and {tuple(labels.shape)}'
        )
    num_classes = num_classes or int(labels.max()) + 1
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f'labels must lie in 0..{num_classes - 1}, got '
            f'{int(labels.min())}..{int(labels.max())}; -1 marks a video '
            'without a label'
        )
    return num_classes


def _standardise(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return (N, D) with mean 0 and deviation 1, and the (D,) of both."""
    mean, std = x.mean(0), x.std(0, unbiased=False)
    std = torch.where(std > 1e-8, std, 1.0)
    return (x - mean) / std, mean, std

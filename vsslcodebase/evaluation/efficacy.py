"""How useful motion features are (HCML, Yang et al. 2020, Table 1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .features import VideoFeatures
from .layers import pool_map
from .linear_probe import LinearProbe, fit_linear_probe, train_linear_probe

CLASSIFIERS: dict[str, Callable[..., LinearProbe]] = dict(
    sgd=train_linear_probe, regression=fit_linear_probe
)


class Efficacy(NamedTuple):
    """Of the features of a level; accuracies in [0, 1]."""

    train_accuracy: float
    test_accuracy: float
    score: float


class MotionReader:
    """Reads the motion features of several levels in one pass.

    The network runs to the highest of the levels and no further.

    Args:
        backbone: A ``MotionResNet3d``.
        levels: Of its levels, in this order.

    Raises:
        ValueError: The backbone has no motion features, or not of a level.
    """

    def __init__(self, backbone: Any, levels: Sequence[int]) -> None:
        known = getattr(backbone, 'motion_channels', {})
        if not levels or not set(levels) <= set(known):
            have = f'has those of {sorted(known)}' if known else 'has none'
            raise ValueError(
                f'motion features of the levels {list(levels)} are asked '
                f'for, but {type(backbone).__name__} {have}; they come from '
                'the blocks of MotionResNet3d(levels=...)'
            )
        self.backbone = backbone
        self.levels = list(levels)

    @torch.no_grad()
    def __call__(self, clips: Tensor) -> Tensor:
        """Average P^l of clips (N, C, T, H, W) over time and space.

        Returns:
            (N, D) float32, the levels one after the other; see ``split``.
        """
        motion = self.backbone.motion_up_to(clips, max(self.levels))
        vectors = [pool_map(motion[level], 'gap') for level in self.levels]
        return torch.cat(vectors, dim=1).float()

    def split(self, videos: VideoFeatures) -> dict[int, VideoFeatures]:
        """Take apart what was read: the features (..., C_l) of each level."""
        widths = [self.backbone.motion_channels[lev] for lev in self.levels]
        parts = videos.features.split(widths, dim=-1)
        return {
            level: videos._replace(features=part)
            for level, part in zip(self.levels, parts)
        }


def efficacy_score(train_accuracy: float, test_accuracy: float) -> float:
    """Return ``Acc_train / (Acc_train - Acc_test)``.

    It is higher for features that tell classes apart, and for those that do
    so in new videos, too; 1 is a classifier that has only learnt by heart.

    Args:
        train_accuracy: Top-1 on the videos that were learnt from.
        test_accuracy: The same on others, in the same unit.

    Returns:
        The score; ``inf`` where the test is not below the training, so that
        there is no gap to divide by.

    Raises:
        ValueError: An accuracy is negative or not finite.
    """
    given = (train_accuracy, test_accuracy)
    if not all(math.isfinite(value) and value >= 0 for value in given):
        raise ValueError(
            f'accuracies are numbers of at least 0, got {train_accuracy} and '
            f'{test_accuracy}'
        )
    gap = train_accuracy - test_accuracy
    return train_accuracy / gap if gap > 0 else math.inf


def measure_efficacy(
    train: VideoFeatures,
    test: VideoFeatures,
    classifier: str = 'sgd',
    **options: Any,
) -> Efficacy:
    """Fit a linear classifier to features and ask it about both splits.

    HCML says of its classifier that it is "lightweight". The default is
    linear evaluation as it is usual, SGD on standardised features. A score
    divides by a gap that may be small, so it varies with the seed; with
    'regression' there is none.

    Args:
        train: Features (N, D) and labels to learn from.
        test: The same of other videos.
        classifier: 'sgd' for ``train_linear_probe``, 'regression' for
            ``fit_linear_probe``.
        options: Of the classifier, such as ``seed``.

    Raises:
        ValueError: An unknown classifier; a split is empty or has videos
            without a label; or a video is in both.
    """
    if classifier not in CLASSIFIERS:
        raise ValueError(
            f'the classifier is one of {sorted(CLASSIFIERS)}, got '
            f'{classifier!r}'
        )
    _check_splits(train, test)
    num_classes = 1 + int(max(train.labels.max(), test.labels.max()))
    fit = CLASSIFIERS[classifier]
    probe = fit(train.features, train.labels, num_classes, **options)
    learnt, asked = _accuracy(probe, train), _accuracy(probe, test)
    return Efficacy(learnt, asked, efficacy_score(learnt, asked))


def _check_splits(train: VideoFeatures, test: VideoFeatures) -> None:
    """Raise unless both splits have labels, and no video in common."""
    for name, videos in (('training', train), ('test', test)):
        unlabelled = int((videos.labels < 0).sum())
        if unlabelled or not len(videos.labels):
            raise ValueError(
                f'{unlabelled} of the {len(videos.labels)} videos of the '
                f'{name} split have no label; efficacy needs videos whose '
                'classes are known: name a list with labels as its ann_file'
            )
    both = set(filter(None, train.filenames)) & set(test.filenames)
    if both:
        raise ValueError(
            f'{len(both)} videos are in the training and in the test split, '
            f'such as {min(both)}; the gap between the two is the question'
        )


def _accuracy(probe: LinearProbe, videos: VideoFeatures) -> float:
    """Return the share of videos whose class scores highest."""
    found = probe.scores(videos.features).argmax(1)
    return (found == videos.labels).double().mean().item()

"""Does a network use the times of its clips? Three answers (LTN).

Latent Time Navigation lets a network move features by their time, along
directions of its own; nothing forces it to. ``contrast_by_times`` asks whether
the loss misses the times when they are wrong, ``share_in_span`` whether what
changes within a video lies in those directions, ``decode_times`` whether the
time can be read off the features. All are functions of tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length

from . import similarity

# Ridge penalties that are tried, for each clip fitted
PENALTIES = tuple(10.0**power for power in range(-5, 3))


class Contrast(NamedTuple):
    """Loss with the true times, and with times of other clips.

    Attributes:
        true: The loss.
        shuffled: (S,) float64, one for each shuffle.
    """

    true: float
    shuffled: Tensor


@float32_math
def clip_contrast(embeddings: Tensor, temperature: float = 0.1) -> Tensor:
    """InfoNCE between the clips of a set: is a clip nearer to its own video?

    Each clip is a query. Each other clip of its video is a positive that is
    classified alone against all clips of the other videos, as rho-MoCo does
    with its queue (``info_nce_loss``). It needs neither queue, momentum
    network nor predictor, and so is one measure for MoCo, BYOL, SimCLR and
    CORP_f; it equals the training loss of none of them.

    Args:
        embeddings: (N, V, d) of V clips of N videos, of any length; the
            cosine is taken inside.
        temperature: Divides the cosines.

    Returns:
        Scalar float32, the mean over N*V queries and V - 1 positives.

    Raises:
        ValueError: There are not two clips of two videos.
    """
    if embeddings.ndim != 3 or min(embeddings.shape[:2]) < 2:
        raise ValueError(
            'expected embeddings (N, V, d) of N >= 2 videos with V >= 2 clips '
            f'each, got {tuple(embeddings.shape)}'
        )
    num_videos, num_clips = embeddings.shape[:2]
    clips = unit_length(embeddings.float()).flatten(0, 1)
    rows = torch.arange(len(clips), device=clips.device)
    total = clips.new_zeros((), dtype=torch.float64)
    for block in rows.split(max(1, similarity.MAX_SIMILARITIES // len(rows))):
        own, place = block // num_clips, block % num_clips
        logits = clips[block] @ clips.T / temperature
        logits = logits.unflatten(1, (num_videos, num_clips))
        positive = logits[torch.arange(len(own)), own]  # (q, V)
        other = rows[:num_videos] != own[:, None]  # (q, N)
        negative = logits.masked_fill(~other[..., None], -torch.inf)
        losses = F.softplus(
            negative.flatten(1).logsumexp(1, keepdim=True) - positive
        )
        itself = F.one_hot(place, num_clips).bool()
        total += losses.masked_fill(itself, 0).double().sum()
    return (total / (len(clips) * (num_clips - 1))).float()


def contrast_by_times(
    project: Callable[[Tensor, Tensor | None], Tensor],
    features: Tensor,
    times: Tensor | None,
    num_shuffles: int = 10,
    temperature: float = 0.1,
    seed: int = 0,
) -> Contrast:
    """Compare the contrast of clips with that under wrong times.

    A network that uses time has a higher loss under wrong times; one that
    does not has the same.

    Args:
        project: ``project((n, D) features, (n, in) times) -> (n, d)``, the
            neck in eval mode.
        features: (N, V, D).
        times: (N, V, in); None for a network without times, for which
            nothing can be shuffled: its losses are exactly equal.
        num_shuffles: How many permutations of all N*V times.
        temperature: Of ``clip_contrast``.
        seed: Of the permutations.

    Raises:
        ValueError: Times and features are not of the same clips.
    """
    if times is not None and times.shape[:2] != features.shape[:2]:
        raise ValueError(
            f'expected times {tuple(features.shape[:2])} for features '
            f'{tuple(features.shape)}, got {tuple(times.shape)}'
        )
    clips, shape = features.flatten(0, 1), features.shape[:2]
    flat = None if times is None else times.flatten(0, 1)
    draws = torch.Generator().manual_seed(seed)

    @torch.no_grad()
    def loss(order: Tensor | slice) -> float:
        given = None if flat is None else flat[order]
        embeddings = project(clips, given).unflatten(0, shape)
        return float(clip_contrast(embeddings, temperature))

    true = loss(slice(None))
    shuffled = [
        loss(torch.randperm(len(clips), generator=draws))
        for _ in range(num_shuffles)
    ]
    return Contrast(true, torch.tensor(shuffled, dtype=torch.float64))


def share_in_span(features: Tensor, basis: Tensor) -> float:
    """Return the share of the variance within videos that a span holds.

    Of directions drawn at random it is, in the mean, M/D for any features.

    Args:
        features: (N, V, D).
        basis: (D, M), columns of any length and angle; linearly dependent
            ones count once.

    Returns:
        Share in [0, 1].

    Raises:
        ValueError: Shapes disagree, or nothing varies within a video.
    """
    if features.ndim != 3 or basis.shape[:1] != features.shape[2:]:
        raise ValueError(
            'expected features (N, V, D) and a basis (D, M), got '
            f'{tuple(features.shape)} and {tuple(basis.shape)}'
        )
    x = features.double()
    within = (x - x.mean(1, keepdim=True)).flatten(0, 1)
    total = within.square().sum()
    if total <= 1e-12 * x.square().sum():
        raise ValueError(
            'the clips of each video have the same features, so that nothing '
            'within a video varies; sample two or more different clips'
        )
    left, sizes, _ = torch.linalg.svd(basis.double(), full_matrices=False)
    # weights are float32: columns dependent in it are not quite in float64
    directions = left[:, sizes > 1e-6 * sizes.max()]
    return float((within @ directions).square().sum() / total)


def random_shares(
    features: Tensor, num_directions: int, num_draws: int = 20, seed: int = 0
) -> Tensor:
    """Return ``share_in_span`` of directions drawn at random.

    Args:
        features: (N, V, D).
        num_directions: M.
        num_draws: How many.
        seed: Of the draws.

    Returns:
        (num_draws,) float64; the mean tends to M/D.
    """
    draws = torch.Generator().manual_seed(seed)
    size = (features.shape[-1], num_directions)
    shares = [
        share_in_span(features, torch.randn(size, generator=draws))
        for _ in range(num_draws)
    ]
    return torch.tensor(shares, dtype=torch.float64)


def decode_times(
    features: Tensor, times: Tensor, num_folds: int = 5, seed: int = 0
) -> float:
    """Return how well a ridge regression reads the time off features: R^2.

    Args:
        features: (N, V, D).
        times: (N, V), in seconds.
        num_folds: 3 or more, at most N.
        seed: Of the dealing.

    Returns:
        1 - squared error / squared distance from the mean of the videos
        fitted; 1 is exact, 0 no better than that mean, and it may be below.

    Raises:
        ValueError: Shapes disagree, there are fewer videos than folds, or
            all times are the same.
    """
    error, spread = time_errors(features, times, num_folds, seed)
    return 1 - float(error.sum()) / float(spread.sum())


def time_errors(
    features: Tensor,
    times: Tensor,
    num_folds: int = 5,
    seed: int = 0,
    asked: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Read the time of each video's clips off a fit to other videos.

    Videos, never clips, are dealt into folds: each fold is predicted from a
    fit to the others. The penalty is the best of ``PENALTIES`` for one of
    those others, left out for it.

    Args:
        features: (N, V, D), to fit to.
        times: (N, V), in seconds.
        num_folds: 3 or more, at most N.
        seed: Of the dealing.
        asked: (N, V, D) of the same videos and times, to predict from;
            ``features`` by default.

    Returns:
        (N,) float64 squared errors of each video, and its squared distances
        from the mean of the videos fitted, summed over its clips.

    Raises:
        ValueError: As ``decode_times``.
    """
    asked = features if asked is None else asked
    if features.ndim != 3 or times.shape != features.shape[:2]:
        raise ValueError(
            'expected features (N, V, D) and times (N, V), got '
            f'{tuple(features.shape)} and {tuple(times.shape)}'
        )
    if asked.shape != features.shape:
        raise ValueError(
            f'asked must have the shape of features, {tuple(features.shape)}, '
            f'got {tuple(asked.shape)}'
        )
    if not 3 <= num_folds <= len(features):
        raise ValueError(
            f'num_folds must be 3 to {len(features)}, the number of videos, '
            f'got {num_folds}'
        )
    x, y, shown = features.double(), times.double(), asked.double()
    if y.max() == y.min():
        raise ValueError(f'all clips start at {float(y[0, 0])} s')
    draws = torch.Generator().manual_seed(seed)
    fold = torch.randperm(len(x), generator=draws) % num_folds
    error, spread = y.new_zeros(len(x)), y.new_zeros(len(x))
    for test in range(num_folds):
        judge = fold == (test + 1) % num_folds
        rest = fold != test
        tried = _ridge_errors(x, y, rest & ~judge, x[judge], y[judge])
        best = PENALTIES[int(tried.sum(1).argmin())]
        own = _ridge_errors(x, y, rest, shown[~rest], y[~rest], (best,))
        error[~rest] = own[0]
        from_mean = y[~rest] - y[rest].mean()
        spread[~rest] = from_mean.square().sum(1)
    return error, spread


def _ridge_errors(
    x: Tensor,
    y: Tensor,
    fit: Tensor,
    asked: Tensor,
    truth: Tensor,
    penalties: tuple[float, ...] = PENALTIES,
) -> Tensor:
    """Fit some videos, return the squared errors on others.

    Args:
        x: (N, V, D) float64.
        y: (N, V) float64.
        fit: (N,) bool.
        asked: (M, V, D) float64.
        truth: (M, V) float64.
        penalties: P factors of the number of clips fitted.

    Returns:
        (P, M), summed over the clips of a video.
    """
    known = x[fit].flatten(0, 1)
    mean, std = known.mean(0), known.std(0, unbiased=False)
    std = torch.where(std > 1e-8, std, 1.0)
    known = (known - mean) / std
    target = y[fit].flatten()
    left, sizes, right = torch.linalg.svd(known, full_matrices=False)
    along = left.T @ (target - target.mean())
    found = ((asked - mean) / std) @ right.T  # (M, V, R)
    errors = []
    for penalty in penalties:
        shrunk = sizes / (sizes.square() + penalty * len(known)) * along
        guess = target.mean() + found @ shrunk
        errors.append((guess - truth).square().sum(1))
    return torch.stack(errors)

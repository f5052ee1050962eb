"""The accuracies CORP plots while it trains (Hu et al. 2021, Fig. 3)."""

from __future__ import annotations

import torch
from torch import Tensor

from vsslcodebase.utils.precision import float32_math

from .corp import (
    IGNORED,
    PairTargets,
    check_pair_logits,
    corp_contrast_targets,
    corp_m_targets,
    corp_order_targets,
)


@torch.no_grad()
def corp_m_accuracy(
    logits: Tensor, video_ids: Tensor, starts: Tensor
) -> dict[str, Tensor]:
    """Pair, total and order accuracy of the three-way task.

    The pair accuracy alone hides a dead order task: who only tells videos
    apart and guesses the order is right on 79 % of the pairs at K=4.

    Args:
        logits: (M, M, 3), classes as in :func:`corp_m_loss`.
        video_ids: (M,) which video each clip is from; K >= 2 clips of each.
        starts: (M,) when each clip starts, in any unit.

    Returns:
        Scalars float32 in [0, 1]: ``pair_acc`` over ordered clip pairs,
        weighted as the loss; ``total_acc``, the share of video pairs whose
        2K(2K-1) predictions are all right; ``order_acc`` of the two order
        classes alone on pairs inside videos (chance 0.5; nan where all clips
        of each video start together). Equal logits count for the lower class.

    Raises:
        ValueError: for bad shapes, unequal clip counts, K < 2 or b < 2.
    """
    accuracy = _pair_accuracy(logits, corp_m_targets(video_ids, starts), 3)
    order = _pair_accuracy(
        logits[..., 1:], corp_order_targets(video_ids, starts), 2
    )
    return dict(**accuracy, order_acc=order['pair_acc'])


@torch.no_grad()
def corp_order_accuracy(
    logits: Tensor, video_ids: Tensor, starts: Tensor
) -> dict[str, Tensor]:
    """Accuracies of the order-only task; ``order_acc`` is ``pair_acc``.

    Args:
        logits: (M, M, 2), classes as in :func:`corp_order_loss`.
        video_ids: (M,) which video each clip is from; K >= 2 clips of each.
        starts: (M,) when each clip starts, in any unit.

    Returns:
        ``pair_acc``, ``total_acc``, ``order_acc``: see
        :func:`corp_m_accuracy`; only pairs inside videos count. With a single
        video ``total_acc`` is nan.

    Raises:
        ValueError: for bad shapes, unequal clip counts or K < 2.
    """
    targets = corp_order_targets(video_ids, starts)
    accuracy = _pair_accuracy(logits, targets, 2)
    return dict(**accuracy, order_acc=accuracy['pair_acc'])


@torch.no_grad()
def corp_contrast_accuracy(
    logits: Tensor, video_ids: Tensor, starts: Tensor
) -> dict[str, Tensor]:
    """Accuracies of the contrast-only task, which has no ``order_acc``.

    Args:
        logits: (M, M, 2), classes as in :func:`corp_contrast_loss`.
        video_ids: (M,) which video each clip is from; K >= 2 clips of each.
        starts: (M,) when each clip starts; only finds pairs to leave out.

    Returns:
        ``pair_acc`` and ``total_acc``: see :func:`corp_m_accuracy`.

    Raises:
        ValueError: for bad shapes, unequal clip counts, K < 2 or b < 2.
    """
    return _pair_accuracy(logits, corp_contrast_targets(video_ids, starts), 2)


@float32_math
def _pair_accuracy(
    logits: Tensor, targets: PairTargets, num_classes: int
) -> dict[str, Tensor]:
    """Weighted accuracy, and the share of faultless video pairs."""
    check_pair_logits(logits, targets, num_classes)
    labels, weights, _ = (t.to(logits.device) for t in targets)
    wrong_share = (_wrong(logits, labels) * weights).sum() / weights.sum()
    faults, _ = video_pair_counts(logits, targets)
    pairs = torch.ones_like(faults).triu(diagonal=1).bool()
    total = (faults[pairs] == 0).float().mean()
    return dict(pair_acc=1 - wrong_share, total_acc=total)


@torch.no_grad()
@float32_math
def video_pair_counts(
    logits: Tensor, targets: PairTargets
) -> tuple[Tensor, Tensor]:
    """Count the predictions of two videos: between and inside both.

    Args:
        logits: (M, M, classes).
        targets: Of the task; b videos.

    Returns:
        How many are wrong and how many were asked for, (b, b) float32 each.
        On the diagonal, those inside a video count four times.
    """
    labels, _, videos = (t.to(logits.device) for t in targets)
    member = torch.nn.functional.one_hot(videos).float()  # (M, b)

    def by_pair(chosen: Tensor) -> Tensor:
        blocks = member.T @ chosen.float() @ member
        inside = blocks.diagonal()
        return blocks + blocks.T + inside[:, None] + inside

    return by_pair(_wrong(logits, labels)), by_pair(labels != IGNORED)


def _wrong(logits: Tensor, labels: Tensor) -> Tensor:
    """Tell of each (M, M) pair whether it was asked for, and is wrong."""
    return (logits.argmax(-1) != labels) & (labels != IGNORED)

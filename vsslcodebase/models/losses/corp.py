"""CORP's losses (Hu et al. 2021, sections 3.2 and 3.3).

CORP_m classifies every ordered pair of clips as (0) from different videos,
(1) the row's clip is earlier, (2) later. Its two ablations (Table 6a) keep one
half: *order* asks 1 or 2 of pairs from one video, *contrast* asks 0 or not.
All three share their arithmetic and differ by their targets.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math

from .nt_xent import nt_xent_loss

IGNORED = -1


class PairTargets(NamedTuple):
    """What is asked of the M x M ordered clip pairs of b videos.

    Attributes:
        labels: (M, M) int64 classes; -1 where nothing is asked: a clip with
            itself, and clips of one video that start together.
        weights: (M, M) float32, zero where nothing is asked. Their sum is 1
            unless clips start together.
        videos: (M,) int64, the clips' videos renumbered 0 .. b-1.
    """

    labels: Tensor
    weights: Tensor
    videos: Tensor


def corp_m_targets(video_ids: Tensor, starts: Tensor) -> PairTargets:
    """Classes and weights of CORP_m's three-way task.

    The paper averages over video pairs, and each holds 2K(2K-1) ordered clip
    pairs. A pair of clips of two videos lies in one video pair; a pair inside
    a video lies in b-1 of them, hence its (b-1)-fold weight.

    Args:
        video_ids: (M,) which video each clip is from; K clips of each.
        starts: (M,) when each clip starts, in any unit.

    Returns:
        Targets with labels 0 different videos, 1 the row's clip is earlier,
        2 later; on the device of ``video_ids``.

    Raises:
        ValueError: for bad shapes, unequal clip counts, K < 2 or b < 2.
    """
    videos, b, K = _group_clips(video_ids, starts)
    if b < 2:
        raise ValueError(
            'CORP_m compares clips of different videos, but all '
            f'{len(videos)} clips are of one video; use a batch size of at '
            'least 2 per GPU and drop_last=True'
        )
    same = videos[:, None] == videos
    earlier = starts[:, None] < starts
    later = starts[:, None] > starts
    labels = same.long() * (earlier.long() + 2 * later.long())
    labels[same & ~earlier & ~later] = IGNORED
    weights = torch.where(same, b - 1.0, 1.0) * (labels != IGNORED)
    num_pairs = b * (b - 1) // 2 * 2 * K * (2 * K - 1)
    return PairTargets(labels, weights / num_pairs, videos)


def corp_order_targets(video_ids: Tensor, starts: Tensor) -> PairTargets:
    """Classes and weights of the order-only task (Table 6a).

    Args:
        video_ids: (M,) which video each clip is from; K clips of each.
        starts: (M,) when each clip starts, in any unit.

    Returns:
        Targets with labels 0 the row's clip is earlier, 1 later, and -1 for
        clips of different videos; b*K*(K-1) pairs of equal weight.

    Raises:
        ValueError: for bad shapes, unequal clip counts or K < 2.
    """
    videos, b, K = _group_clips(video_ids, starts)
    ordered = (videos[:, None] == videos) & (starts[:, None] != starts)
    later = (starts[:, None] > starts).long()
    labels = later.masked_fill(~ordered, IGNORED)
    return PairTargets(labels, ordered / float(b * K * (K - 1)), videos)


def corp_contrast_targets(video_ids: Tensor, starts: Tensor) -> PairTargets:
    """Classes and weights of the contrast-only task (Table 6a).

    Args:
        video_ids: (M,) which video each clip is from; K clips of each.
        starts: (M,) when each clip starts, in any unit.

    Returns:
        Targets with labels 0 different videos, 1 the same video, weighted as
        in :func:`corp_m_targets`.

    Raises:
        ValueError: for bad shapes, unequal clip counts, K < 2 or b < 2.
    """
    targets = corp_m_targets(video_ids, starts)
    return targets._replace(labels=targets.labels.clamp(max=1))


@float32_math
def corp_m_loss(logits: Tensor, video_ids: Tensor, starts: Tensor) -> Tensor:
    """Three-way classification of all ordered clip pairs (section 3.2).

    Args:
        logits: (M, M, 3), ``logits[i, j]`` for clip i against clip j; class 0
            different videos, 1 clip i is earlier, 2 later.
        video_ids: (M,) which video each clip is from; K >= 2 clips of each.
        starts: (M,) when each clip starts, in any unit. Clips of one video
            that start together are not asked for.

    Returns:
        Scalar float32: the mean cross entropy over the 2K(2K-1) ordered clip
        pairs of a video pair, then over the b(b-1)/2 video pairs. (The paper
        sums over clip pairs: 2K(2K-1) times this.)

    Raises:
        ValueError: for bad shapes, unequal clip counts, K < 2 or b < 2.
    """
    return _pair_loss(logits, corp_m_targets(video_ids, starts), 3)


@float32_math
def corp_order_loss(
    logits: Tensor, video_ids: Tensor, starts: Tensor
) -> Tensor:
    """Two-way order classification of the pairs inside videos (Table 6a).

    Args:
        logits: (M, M, 2); class 0 clip i is earlier than clip j, 1 later.
        video_ids: (M,) which video each clip is from; K >= 2 clips of each.
        starts: (M,) when each clip starts, in any unit.

    Returns:
        Scalar float32, the mean over the b*K*(K-1) pairs inside videos.

    Raises:
        ValueError: for bad shapes, unequal clip counts or K < 2.
    """
    return _pair_loss(logits, corp_order_targets(video_ids, starts), 2)


@float32_math
def corp_contrast_loss(
    logits: Tensor, video_ids: Tensor, starts: Tensor
) -> Tensor:
    """Two-way same-or-different classification of all pairs (Table 6a).

    Args:
        logits: (M, M, 2); class 0 different videos, 1 the same video.
        video_ids: (M,) which video each clip is from; K >= 2 clips of each.
        starts: (M,) when each clip starts; only finds pairs to leave out.

    Returns:
        Scalar float32, averaged as :func:`corp_m_loss`.

    Raises:
        ValueError: for bad shapes, unequal clip counts, K < 2 or b < 2.
    """
    return _pair_loss(logits, corp_contrast_targets(video_ids, starts), 2)


@float32_math
def corp_f_loss(
    embeddings: Tensor, order_logits: Tensor, temperature: float = 0.1
) -> tuple[Tensor, Tensor]:
    """The two terms of CORP_f's (4B-2)-way classification (Eq. 6).

    Args:
        embeddings: (2B, d), row 2i the earlier and 2i+1 the later clip of
            video i; normalised inside. On several GPUs: gathered from all.
        order_logits: (2B, 2), for each clip against its partner; class 0 the
            row's clip is the earlier, 1 the later.
        temperature: tau of Eq. 5.

    Returns:
        ``(loss_contrast, loss_order)``, scalars float32, each the sum over
        the 2B rows divided by B. Eq. 6 is their sum.

    Raises:
        ValueError: for bad shapes, an odd number of rows or a single video.
    """
    loss_contrast = 2 * nt_xent_loss(embeddings, temperature)
    if order_logits.shape != (len(embeddings), 2):
        raise ValueError(
            f'expected order_logits ({len(embeddings)}, 2), one row per '
            f'embedding, got {tuple(order_logits.shape)}'
        )
    is_later = torch.arange(len(order_logits), device=order_logits.device) % 2
    loss_order = 2 * F.cross_entropy(order_logits.float(), is_later)
    return loss_contrast, loss_order


def _group_clips(video_ids: Tensor, starts: Tensor) -> tuple[Tensor, int, int]:
    """Number the videos 0 .. b-1 and check that each has K >= 2 clips.

    Returns:
        The videos (M,) int64, b and K.
    """
    if video_ids.ndim != 1 or starts.shape != video_ids.shape:
        raise ValueError(
            'expected video_ids and starts of one shape (M,), got '
            f'{tuple(video_ids.shape)} and {tuple(starts.shape)}'
        )
    _, videos, counts = video_ids.unique(
        return_inverse=True, return_counts=True
    )
    clip_counts = sorted(set(counts.tolist()))
    if len(clip_counts) > 1:
        raise ValueError(
            'every video must bring the same number of clips, got videos '
            f'with {clip_counts} clips; is a video twice in the batch?'
        )
    if clip_counts in ([], [1]):
        raise ValueError(
            'the order of clips needs at least 2 clips per video, got '
            f'{clip_counts or 0}; set num_clips of the clip sampler'
        )
    return videos, len(counts), clip_counts[0]


def _pair_loss(
    logits: Tensor, targets: PairTargets, num_classes: int
) -> Tensor:
    """Weighted sum of the pairs' cross entropies."""
    check_pair_logits(logits, targets, num_classes)
    losses = F.cross_entropy(
        logits.flatten(0, 1).float(),
        targets.labels.flatten().to(logits.device),
        reduction='none',
        ignore_index=IGNORED,
    )
    return losses @ targets.weights.flatten().to(logits.device)


def check_pair_logits(
    logits: Tensor, targets: PairTargets, num_classes: int
) -> None:
    """Raise ``ValueError`` unless ``logits`` are (M, M, num_classes)."""
    M = len(targets.labels)
    if logits.shape != (M, M, num_classes):
        raise ValueError(
            f'expected logits ({M}, {M}, {num_classes}) for {M} clips, got '
            f'{tuple(logits.shape)}'
        )

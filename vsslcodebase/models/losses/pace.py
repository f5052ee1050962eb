"""The contrastive terms of pace prediction (Wang et al. 2020, Eq. 2 and 3).

Both use raw dot products without temperature, as printed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vsslcodebase.utils.precision import float32_math

from .nt_xent import check_clip_pairs, partner_cross_entropy


@float32_math
def pace_same_context_loss(embeddings: Tensor) -> Tensor:
    """Find the other clip of the same video among all clips (Eq. 2).

    Args:
        embeddings: (2N, d), rows 2i and 2i+1 are two clips of video i, of
            independent paces; not normalised.

    Returns:
        Scalar float32, the mean over the 2N rows.

    Raises:
        ValueError: for an odd number of rows or a single video.
    """
    check_clip_pairs(embeddings)
    z = embeddings.float()
    return partner_cross_entropy(z @ z.T)


@float32_math
def pace_same_pace_loss(embeddings: Tensor, pace_labels: Tensor) -> Tensor:
    """Pull clips of one pace together, whatever their video (Eq. 3).

    A row with several positives takes the mean over them. The printed double
    sum would give it a weight that grows with the number of its positives.

    Args:
        embeddings: (N, d), not normalised.
        pace_labels: (N,) integer pace classes.

    Returns:
        Scalar float32, the mean over the rows that have a positive; zero,
        with a zero gradient, where no row has one.

    Raises:
        ValueError: if the two do not have shapes (N, d) and (N,).
    """
    if embeddings.ndim != 2 or pace_labels.shape != embeddings.shape[:1]:
        raise ValueError(
            'expected embeddings (N, d) and pace_labels (N,), got '
            f'{tuple(embeddings.shape)} and {tuple(pace_labels.shape)}'
        )
    z = embeddings.float()
    itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
    positive = (pace_labels[:, None] == pace_labels) & ~itself  # (N, N)
    count = positive.sum(1)
    has_positive = count > 0
    if not has_positive.any():
        return z.sum() * 0
    similarity = (z @ z.T).masked_fill(itself, -torch.inf)
    # Only rows that count: a lone row would be log_softmax of -inf alone.
    log_prob = similarity[has_positive].log_softmax(1)
    summed = log_prob.masked_fill(~positive[has_positive], 0).sum(1)
    return -(summed / count[has_positive]).mean()

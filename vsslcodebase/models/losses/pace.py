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
    # All rows, for the size of a selection would have to be waited for on a
    # GPU; a lowest number, since a lone row's softmax of -inf would be nan.
    similarity = (z @ z.T).masked_fill(itself, torch.finfo(z.dtype).min)
    log_prob = similarity.log_softmax(1).masked_fill(~positive, 0)
    by_row = log_prob.sum(1) / count.clamp(min=1)
    return -by_row.sum() / (count > 0).sum().clamp(min=1)

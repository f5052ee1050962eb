"""NT-Xent, the loss of SimCLR (Chen et al. 2020, Eq. 1) and CVRL (Eq. 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length


def check_clip_pairs(embeddings: Tensor) -> None:
    """Raise unless the rows are two clips each of at least two videos.

    Args:
        embeddings: (2B, d), rows 2i and 2i+1 are the clips of video i.

    Raises:
        ValueError: for another number of axes, an odd number of rows, or B=1.
    """
    if embeddings.ndim != 2 or len(embeddings) % 2:
        raise ValueError(
            'expected embeddings (2B, d), rows 2i and 2i+1 from video i, got '
            f'{tuple(embeddings.shape)}; sample num_clips=2 clips per video'
        )
    if len(embeddings) < 4:
        raise ValueError(
            f'got {len(embeddings)} rows, but a contrast needs clips of at '
            'least 2 videos as negatives; raise the batch size'
        )


def partner_cross_entropy(similarity: Tensor) -> Tensor:
    """Cross entropy of finding each row's partner among all other rows.

    Args:
        similarity: (2B, 2B) logits; rows 2i and 2i+1 are partners. The
            diagonal is not read.

    Returns:
        Scalar, the mean over the 2B rows.
    """
    rows = torch.arange(len(similarity), device=similarity.device)
    itself = torch.eye(len(rows), dtype=torch.bool, device=similarity.device)
    # rows ^ 1 swaps 2i and 2i+1
    return F.cross_entropy(
        similarity.masked_fill(itself, -torch.inf), rows ^ 1
    )


@float32_math
def nt_xent_loss(embeddings: Tensor, temperature: float = 0.1) -> Tensor:
    """Normalised-temperature cross entropy over 2B anchors.

    Args:
        embeddings: (2B, d), rows 2i and 2i+1 are one video, of any length;
            cosine similarity is taken inside. On several GPUs: the gathered
            rows of all of them.
        temperature: tau; CVRL and CORP use 0.1.

    Returns:
        Scalar float32, the mean over the 2B anchors.

    Raises:
        ValueError: for an odd number of rows or a single video.
    """
    check_clip_pairs(embeddings)
    z = unit_length(embeddings.float())
    return partner_cross_entropy(z @ z.T / temperature)

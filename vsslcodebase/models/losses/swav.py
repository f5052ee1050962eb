"""SwAV's swapped prediction (Caron et al. 2020, Eq. 2 and 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math


@torch.no_grad()
@float32_math
def sinkhorn_codes(
    scores: Tensor, epsilon: float = 0.05, num_iterations: int = 3
) -> Tensor:
    """Assign clips to prototypes so that all prototypes are used equally.

    ``exp(scores / epsilon)`` whose columns and rows are divided by their sums
    in turn (Sinkhorn-Knopp), as logarithms: nothing overflows, and a prototype
    that is far from every clip still gets its share.

    Args:
        scores: (..., N, K) similarity of N clips to K prototypes. On several
            GPUs: the gathered rows of all of them.
        epsilon: Entropy of the codes; towards 0 they become one-hot.
        num_iterations: Times that columns and rows are divided.

    Returns:
        (..., N, K) float32 codes without gradient. Rows sum to 1, columns to
        N/K, up to what the iterations leave.

    Raises:
        ValueError: N or K is below 2, where all codes are the same, or
            ``epsilon`` or ``num_iterations`` is not positive.
    """
    if scores.ndim < 2 or min(scores.shape[-2:]) < 2:
        raise ValueError(
            'expected scores (..., N, K) of N >= 2 clips for K >= 2 '
            f'prototypes, got {tuple(scores.shape)}: with fewer, equal use '
            'leaves no choice; raise the batch size or num_prototypes'
        )
    if not (epsilon > 0 and num_iterations > 0):
        raise ValueError(
            'expected epsilon > 0 and num_iterations > 0, got '
            f'{epsilon} and {num_iterations}'
        )
    scores = scores.float()
    # A constant has no effect but on the digits that are left
    log_codes = (scores - scores.amax((-2, -1), keepdim=True)) / epsilon
    for _ in range(num_iterations):
        log_codes = log_codes.log_softmax(-2).log_softmax(-1)
    return log_codes.exp()


@float32_math
def swav_loss(
    scores: Tensor, codes: Tensor, temperature: float = 0.1
) -> Tensor:
    """Predict the codes of each clip from every other clip of its video.

    Args:
        scores: (V, N, K) similarity to K prototypes; ``scores[v, n]`` of clip
            v of video n.
        codes: (V, N, K) from :func:`sinkhorn_codes`; they get no gradient.
        temperature: Divides the scores in the prediction.

    Returns:
        Scalar float32: the cross entropy, mean over the V(V-1) ordered pairs
        of clips and the N videos.

    Raises:
        ValueError: for other shapes, or V < 2.
    """
    if scores.ndim != 3 or scores.shape != codes.shape or len(scores) < 2:
        raise ValueError(
            'expected scores and codes of one shape (V, N, K) with V >= 2 '
            f'clips per video, got {tuple(scores.shape)} and '
            f'{tuple(codes.shape)}'
        )
    V, N, _ = scores.shape
    log_p = F.log_softmax(scores.float() / temperature, dim=-1)
    # cross[s, t]: clip s predicts the codes of clip t
    cross = -torch.einsum('snk,tnk->st', log_p, codes.detach().float()) / N
    return (cross.sum() - cross.trace()) / (V * (V - 1))

"""InfoNCE against a queue (He et al. 2020, MoCo Eq. 1), many keys a query."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math


@float32_math
def info_nce_loss(
    query: Tensor, keys: Tensor, queue: Tensor, temperature: float = 0.1
) -> Tensor:
    """Cross entropy of each positive key against the whole queue.

    The mean over keys of ``-log(exp(qk) / (exp(qk) + sum_n exp(qn)))``: with
    several keys per query (rho-MoCo, Feichtenhofer et al. 2021) every key is
    classified alone, it does not compete with the other keys.

    Args:
        query: (B, d), rows of length 1.
        keys: (B, P, d), the P positive keys of each query, length 1.
        queue: (K, d) negatives, length 1.
        temperature: tau; 0.1 in rho-MoCo, 0.07 in MoCo.

    Returns:
        Scalar float32, the mean over the B*P keys.

    Raises:
        ValueError: for shapes that do not fit together.
    """
    positive, negative = _logits(query, keys, queue, temperature)
    # -log(e^p / (e^p + e^n)) = softplus(n - p); no (B, P, K) tensor is made
    return F.softplus(negative[:, None] - positive).mean()


@float32_math
def joint_info_nce_loss(
    query: Tensor, keys: Tensor, queue: Tensor, temperature: float = 0.1
) -> Tensor:
    """Cross entropy of all positive keys together against the queue.

    ``-log(sum_p exp(qp) / (sum_p exp(qp) + sum_n exp(qn)))``, as Feichtenhofer
    et al. (2021) print it: one near key is enough.

    Args:
        query: (B, d), rows of length 1.
        keys: (B, P, d), the P positive keys of each query, length 1.
        queue: (K, d) negatives, length 1.
        temperature: tau.

    Returns:
        Scalar float32, the mean over the B queries.

    Raises:
        ValueError: for shapes that do not fit together.
    """
    positive, negative = _logits(query, keys, queue, temperature)
    return F.softplus(negative - positive.logsumexp(1)).mean()


@torch.no_grad()
@float32_math
def info_nce_accuracy(query: Tensor, keys: Tensor, queue: Tensor) -> Tensor:
    """Measure how often a positive key is nearer than the whole queue.

    Args:
        query: (B, d), rows of length 1.
        keys: (B, P, d), the P positive keys of each query, length 1.
        queue: (K, d) negatives, length 1; with none of them it is 1.

    Returns:
        Scalar float32 in [0, 1], the share among the B*P keys.
    """
    if not len(queue):
        return query.new_ones((), dtype=torch.float32)
    q = query.float()
    nearest = (q @ queue.float().T).amax(1)  # (B,)
    positive = (q[:, None] * keys.float()).sum(-1)  # (B, P)
    return (positive > nearest[:, None]).float().mean()


def _logits(
    query: Tensor, keys: Tensor, queue: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """Return those of the keys (B, P), and the queue's as one, (B,)."""
    batch, width = query.shape if query.ndim == 2 else (-1, -1)
    fits = keys.ndim == 3 and (len(keys), keys.shape[-1]) == (batch, width)
    if not fits or queue.ndim != 2 or queue.shape[-1] != width:
        raise ValueError(
            'expected query (B, d), keys (B, P, d) and queue (K, d), got '
            f'{tuple(query.shape)}, {tuple(keys.shape)} and '
            f'{tuple(queue.shape)}'
        )
    q = query.float()
    positive = (q[:, None] * keys.float()).sum(-1) / temperature  # (B, P)
    negative = (q @ queue.float().T / temperature).logsumexp(1)  # (B,)
    return positive, negative

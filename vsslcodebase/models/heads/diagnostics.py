"""Two numbers that show what embeddings are worth while they are trained."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.utils.precision import float32_math


@torch.no_grad()
def embedding_spread(embeddings: Tensor) -> Tensor:
    """Measure how far l2-normalised embeddings spread in each dimension.

    Args:
        embeddings: (M, d) of any scale.

    Returns:
        Scalar float32: standard deviation over the M rows, averaged over
        the d dimensions. About 1/sqrt(d) when they fill the sphere, 0 when
        all have collapsed to one point.
    """
    directions = F.normalize(embeddings.float(), dim=1)
    return directions.std(dim=0, unbiased=False).mean()


@torch.no_grad()
@float32_math
def contrast_accuracy(embeddings: Tensor, videos: Tensor) -> Tensor:
    """Measure how often a clip's nearest neighbour is of the same video.

    Args:
        embeddings: (M, d) of any scale; compared by cosine.
        videos: (M,) integer, which video each is from.

    Returns:
        Scalar float32 in [0, 1].
    """
    return contrast_hits(embeddings, videos).float().mean()


@torch.no_grad()
@float32_math
def contrast_hits(embeddings: Tensor, videos: Tensor) -> Tensor:
    """Tell of each clip whether its nearest neighbour is of its video.

    Args:
        embeddings: (M, d) of any scale; compared by cosine.
        videos: (M,) integer, which video each is from.

    Returns:
        (M,) bool.
    """
    directions = F.normalize(embeddings.float(), dim=1)
    similarity = (directions @ directions.T).fill_diagonal_(-torch.inf)
    return videos[similarity.argmax(dim=1)] == videos

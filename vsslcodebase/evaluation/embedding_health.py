"""What tells good embeddings from collapsed ones, as numbers of a batch.

Effective rank: Roy and Vetterli (EUSIPCO 2007). Alignment and uniformity:
Wang and Isola (ICML 2020), with their alpha = 2 and t = 2. All of them look
at directions, as the losses do: the length of an embedding is of no effect.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslcodebase.models.heads.diagnostics import embedding_spread
from vsslcodebase.utils.precision import float32_math

# Of fewer videos or dimensions chance makes a point or a line.
FEWEST = 8
POINT_SPREAD = 0.03
LINE_SPREAD = 0.5
LINE_RANK = 2.0


class EmbeddingHealth(NamedTuple):
    """What :func:`embedding_health` finds in a batch."""

    scalars: dict[str, float]  # by name; what is not defined is left out
    positive: Tensor  # similarities of clips of one video
    negative: Tensor  # similarities of clips of two videos
    collapse: str | None  # what has become of the embeddings, if they have


@torch.no_grad()
@float32_math
def embedding_health(embeddings: Tensor) -> EmbeddingHealth:
    """Measure everything in this file.

    Args:
        embeddings: (B, V, d) finite, V clips of each of B videos, of any
            length and precision.

    Returns:
        The scalars ``spread``, ``effective_rank``, ``alignment``,
        ``uniformity``, ``positive_similarity``, ``negative_similarity`` (of
        one clip a video there are no positives, of one video no negatives,
        and what needs them is left out); the similarities, (P,) and (Q,) in
        [-1, 1]; what :func:`find_collapse` says.

    Raises:
        ValueError: The embeddings have another number of axes.
    """
    if embeddings.ndim != 3:
        raise ValueError(
            'expected embeddings (B, V, d) of V clips of each of B videos, '
            f'got shape {tuple(embeddings.shape)}'
        )
    directions = _directions(embeddings)
    rows = directions.flatten(0, 1)  # (B*V, d)
    positive, negative = pair_similarities(directions)
    scalars = dict(
        spread=embedding_spread(rows).item(),
        effective_rank=effective_rank(rows).item(),
    )
    if len(positive):
        scalars['alignment'] = alignment(positive).item()
        scalars['positive_similarity'] = positive.mean().item()
    if len(negative):
        scalars['uniformity'] = uniformity(negative).item()
        scalars['negative_similarity'] = negative.mean().item()
    collapse = find_collapse(
        scalars['spread'],
        scalars['effective_rank'],
        len(embeddings),
        embeddings.shape[-1],
    )
    return EmbeddingHealth(scalars, positive, negative, collapse)


@torch.no_grad()
@float32_math
def effective_rank(embeddings: Tensor) -> Tensor:
    """Count the dimensions that directions use: ``exp(entropy(s / sum s))``.

    s are the singular values of the (M, d) unit vectors, from which no mean
    is taken: so it falls to 1 where all become one point, and where they
    become one line.

    Args:
        embeddings: (M, d) finite, of any length.

    Returns:
        Scalar float32, from 1 to min(M, d).
    """
    values = torch.linalg.svdvals(_directions(embeddings))
    shares = values / values.sum().clamp_min(torch.finfo(values.dtype).tiny)
    return torch.special.entr(shares).sum().exp()


@torch.no_grad()
@float32_math
def pair_similarities(embeddings: Tensor) -> tuple[Tensor, Tensor]:
    """Compare all clips with each other, each pair once.

    Args:
        embeddings: (B, V, d) finite, of any length.

    Returns:
        (P,) cosines of clips of one video, P = B*V*(V-1)/2, and (Q,) cosines
        of clips of two videos, Q = V*V*B*(B-1)/2. Both float32.
    """
    num_clips = embeddings.shape[1]
    rows = _directions(embeddings).flatten(0, 1)
    first, second = torch.triu_indices(
        len(rows), len(rows), offset=1, device=rows.device
    )
    similarity = (rows @ rows.T)[first, second].clamp(-1, 1)
    positive = first // num_clips == second // num_clips
    return similarity[positive], similarity[~positive]


def alignment(positive: Tensor) -> Tensor:
    """Average ``|x - y|**2`` over the pairs of clips of one video.

    Args:
        positive: (P,) cosines of these pairs, P >= 1.

    Returns:
        Scalar from 0, where the clips of a video are equal, to 4.
    """
    return 2 - 2 * positive.mean()


def uniformity(negative: Tensor) -> Tensor:
    """Compute ``log mean exp(-2 |x - y|**2)`` over clips of two videos.

    Wang and Isola draw x and y independently; clips of one video are not.

    Args:
        negative: (Q,) cosines of these pairs, Q >= 1.

    Returns:
        Scalar from -8 to 0, where all are equal; about -4 on a sphere of
        many dimensions that is filled evenly.
    """
    exponents = -2 * (2 - 2 * negative)
    count = negative.new_tensor(float(len(negative)))
    return exponents.logsumexp(0) - count.log()


def find_collapse(
    spread: float, rank: float, num_videos: int, num_dims: int
) -> str | None:
    """Say whether embeddings have collapsed, and to what.

    To one point: the spread is less than 3 % of the 1/sqrt(d) of a filled
    sphere, which is a mean cosine above 0.999 between any two clips. To one
    line: the effective rank is below 2 although the spread is more than half
    of 1/sqrt(d); so it looks where a final BatchNorm forbids the point. In
    between lie networks that have not been trained yet, which also see
    similar things everywhere, so nothing is said of that. Nothing is said of
    fewer than 8 videos or dimensions either.

    Args:
        spread: Of :func:`embedding_spread`.
        rank: Of :func:`effective_rank`.
        num_videos: How many videos they were measured on.
        num_dims: d.

    Returns:
        'one point', 'one line' or None.
    """
    if min(num_videos, num_dims) < FEWEST:
        return None
    relative = spread * sqrt(num_dims)  # 1 on a filled sphere
    if relative < POINT_SPREAD:
        return 'one point'
    if relative > LINE_SPREAD and rank < LINE_RANK:
        return 'one line'
    return None


def _directions(embeddings: Tensor) -> Tensor:
    """Bring rows to length 1; rows of zeros stay as they are.

    Divided by their largest entry first: the square of 1e20 is no float32.
    """
    rows = embeddings.float()
    largest = rows.abs().amax(dim=-1, keepdim=True)
    return F.normalize(
        rows / largest.clamp_min(torch.finfo(rows.dtype).tiny), dim=-1
    )

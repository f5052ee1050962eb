"""The nearest items of a gallery, exactly, in blocks that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from vsslcodebase.utils.precision import float32_math, unit_length

from . import similarity


class Neighbours(NamedTuple):
    """What ``nearest`` found for Q queries.

    Attributes:
        similarities: (Q, k) float32 cosines, the nearest first.
        indices: (Q, k) int64, rows of the gallery.
    """

    similarities: Tensor
    indices: Tensor


@torch.no_grad()
@float32_math
def nearest(gallery: Tensor, query: Tensor, k: int) -> Neighbours:
    """Find the k items of the gallery with the largest cosine similarity.

    Exact: every query is compared with every item. Among equally similar
    items the one with the lower index is the nearer, so that features that
    have collapsed to a point retrieve the gallery in its order.

    Memory besides the inputs: about 0.4 GB, whatever their sizes, as both are
    taken in blocks. They may be larger than memory: ``torch.from_numpy`` of a
    memory-mapped array is read block by block.

    Args:
        gallery: (N, d) features of any length, float16 or wider.
        query: (Q, d) features on the same device.
        k: How many, at least 1; at most N are returned.

    Raises:
        ValueError: For bad shapes or k, or if a feature is NaN or infinite.
    """
    check_features(gallery, query)
    if k < 1:
        raise ValueError(f'expected k of at least 1, got {k}')
    k = min(k, len(gallery))
    found = [
        _nearest_of_block(gallery, query[rows], k)
        for rows in _blocks(len(query), _rows(query.shape[1], 1024))
    ]
    if not found:
        return Neighbours(torch.empty(0, k), torch.empty(0, k).long())
    values, indices = zip(*found)
    return Neighbours(torch.cat(values), torch.cat(indices))


def check_features(gallery: Tensor, query: Tensor) -> None:
    """Raise ``ValueError`` unless (N, d) and (Q, d) fit, N at least 1."""
    if (
        gallery.ndim != 2
        or query.ndim != 2
        or gallery.shape[1] != query.shape[1]
        or not len(gallery)
    ):
        raise ValueError(
            'expected gallery (N, d) of at least one item and query (Q, d), '
            f'got {tuple(gallery.shape)} and {tuple(query.shape)}'
        )


def _nearest_of_block(
    gallery: Tensor, query: Tensor, k: int
) -> tuple[Tensor, Tensor]:
    """Go through the gallery in blocks, keeping the k best keys so far."""
    directions = unit_length(query.float())
    best = torch.empty(len(query), 0, dtype=torch.int64, device=query.device)
    fit = similarity.MAX_SIMILARITIES // len(query)
    size = max(1, min(fit, _rows(query.shape[1], 2**14)))
    for rows in _blocks(len(gallery), size):
        cosine = directions @ unit_length(gallery[rows].float()).T
        if not torch.isfinite(cosine).all():
            raise ValueError('a feature of gallery or query is NaN or inf')
        keys = torch.cat([best, _sortable(cosine, rows.start)], 1)
        best = keys.topk(min(k, keys.shape[1]), dim=1).values
    index = 2**31 - 1 - (best & 0xFFFFFFFF)
    return _float_of(best >> 32), index


def _sortable(cosine: Tensor, first: int) -> Tensor:
    """Make (Q, n) int64 keys that sort by similarity, then by low index.

    The upper half is the bit pattern of the float32, made to sort as an
    integer; the lower half counts down with the index. No two are equal, so
    that ``topk`` has no choice to make.
    """
    bits = cosine.add(0.0).view(torch.int32)  # -0.0 becomes 0.0
    bits = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    index = torch.arange(first, first + cosine.shape[1], device=cosine.device)
    return (bits.to(torch.int64) << 32).add_(2**31 - 1 - index)


def _float_of(bits: Tensor) -> Tensor:
    """Undo what ``_sortable`` did to the bits of a float32."""
    bits = bits.to(torch.int32)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).view(torch.float32)


def _rows(d: int, most: int) -> int:
    """Return how many rows of d numbers make a block of up to 64 MiB."""
    return max(1, min(most, similarity.MAX_SIMILARITIES // max(d, 1)))


def _blocks(total: int, size: int) -> Iterator[slice]:
    """Yield slices of ``size`` that cover 0 .. total."""
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))

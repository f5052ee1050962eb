"""Motion features at sampled positions (HCML, Yang et al. 2020, A.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def draw_positions(
    num_clips: int,
    num_places: int,
    num_positions: int,
    device: torch.device,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw positions of a map, for each clip its own, none twice.

    Args:
        num_clips: N.
        num_places: H * W of the map.
        num_positions: K; where the map has fewer, all of them are taken.
        device: Where to draw; of the generator, if there is one.
        generator: Source of randomness, default torch's own.

    Returns:
        (N, K) int64, each ``y * W + x``.
    """
    ranks = torch.rand(
        num_clips, num_places, device=device, generator=generator
    )
    return ranks.topk(min(num_positions, num_places), dim=1).indices


def gather_positions(
    motion: Tensor, positions: Tensor, size: Sequence[int]
) -> Tensor:
    """Read maps where maps of another size have their positions.

    What ``F.interpolate(motion, size)``, nearest, holds there, of which only
    these places are made.

    Args:
        motion: (N, C, t, h, w).
        positions: (N, K), of each clip, ``y * W + x``.
        size: (T, H, W) of the maps that the positions are of.

    Returns:
        (N, K, T, C).
    """
    frames, height, width = size
    num_clips, _, t, h, w = motion.shape
    clip = torch.arange(num_clips, device=motion.device)[:, None, None]
    time = torch.arange(frames, device=motion.device) * t // frames
    y = positions // width * h // height
    x = positions % width * w // width
    return motion[clip, :, time, y[..., None], x[..., None]]

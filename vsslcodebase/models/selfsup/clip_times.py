"""The times of clips, on their way to a neck that wants them (LTN)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmaction.structures import ActionDataSample
from torch import Tensor, nn


def read_times(
    neck: nn.Module,
    data_samples: Sequence[ActionDataSample] | None,
    device: torch.device,
) -> Tensor | None:
    """Read what a time-aware neck wants to know of each clip.

    A trunk that encodes its clips in another order than that of the data
    samples, or not all at once, orders these rows as it does the clips.

    Args:
        neck: Any neck; one with a method ``read_times`` is time-aware.
        data_samples: B samples, from which such a neck reads.
        device: Where to put the result.

    Returns:
        (B*V, in) float32, video-major as the clips; None for other necks.
    """
    read = getattr(neck, 'read_times', None)
    return None if read is None else read(data_samples, device)


def embed(
    backbone: nn.Module,
    neck: nn.Module,
    clips: Tensor,
    times: Tensor | None = None,
    batches: Sequence[Tensor] | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Run backbone and neck on clips in any order.

    Args:
        backbone: (N, C, T, H, W) -> (N, D, t, h, w).
        neck: ``neck(feats)``, or ``neck(feats, times=times)``.
        clips: (N, C, T, H, W).
        times: (N, in) of the same clips, or None.
        batches: Which clips each forward takes, each clip once; default all
            in one.

    Returns:
        (N, d) embeddings in the order of the clips, and the neck's losses,
        averaged over the forwards.
    """
    if batches is None or len(batches) == 1:
        feats = backbone(clips)
        return neck(feats) if times is None else neck(feats, times=times)
    embeddings, losses = zip(
        *(
            embed(
                backbone,
                neck,
                clips[rows],
                None if times is None else times[rows],
            )
            for rows in batches
        )
    )
    places = torch.cat(list(batches)).argsort().to(clips.device)
    return torch.cat(embeddings)[places], mean_losses(losses)


def mean_losses(calls: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Average each loss over several calls of a neck."""
    return {
        name: torch.stack([losses[name] for losses in calls]).mean()
        for name in calls[0]
    }

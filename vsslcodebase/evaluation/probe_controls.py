"""Which frames a probed network is shown, and in which order.

A *window* is a row of frame numbers. Controls put the frames of a window into
another order (``ORDERS``): what a network still answers right on shuffled
frames it has not read off their order, and on frozen ones off no change at
all.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vsslcodebase.datasets.transforms.clip_sampling import SampleUniformClips
from vsslcodebase.datasets.transforms.frame_order import ORDERS

PACES = (1, 2, 3, 4)


def uniform_windows(
    num_frames: int, clip_len: int, interval: int, num_clips: int
) -> Tensor:
    """Spread clips evenly, as ``SampleUniformClips`` does in evaluations.

    Args:
        num_frames: Of a video.
        clip_len: Frames of a clip, T.
        interval: Step from one frame to the next.
        num_clips: V.

    Returns:
        (V, T) int64 frame numbers.
    """
    sampler = SampleUniformClips(clip_len, interval, num_clips)
    return torch.from_numpy(
        sampler.frame_indices(
            sampler.sample_starts(num_frames),
            sampler.sample_intervals(),
            num_frames,
        )
    ).long()


def pace_windows(
    num_videos: int,
    num_frames: int,
    clip_len: int,
    num_clips: int,
    seed: int = 0,
) -> dict[int, Tensor]:
    """Return the windows in which each pace is shown.

    Frame T // 2 of a clip is drawn at random, where all paces fit, and is
    the same frame of the video at every pace. So where a clip lies does not
    tell its pace, nor does a jump back to the beginning, which there is not;
    and frozen clips of all paces are equal.

    Args:
        num_videos: N.
        num_frames: Of a video.
        clip_len: T.
        num_clips: V.
        seed: Of the places. The first videos get the same ones whatever N
            is.

    Returns:
        For each of ``PACES`` that fits into the video, (N, V, T) frame
        numbers.
    """
    paces = [p for p in PACES if p * (clip_len - 1) < num_frames]
    if not paces:
        return {}
    steps = torch.arange(clip_len) - clip_len // 2
    first = max(paces) * (clip_len // 2)
    last = num_frames - 1 - max(paces) * int(steps[-1])
    draws = np.random.default_rng(seed).random((num_videos, num_clips))
    middles = first + (torch.from_numpy(draws) * (last + 1 - first)).long()
    return {pace: middles[..., None] + pace * steps for pace in paces}


def in_order(windows: Tensor, order: str, seed: int = 0) -> Tensor:
    """Show the frames of windows in another order.

    Args:
        windows: (N, V, T) frame numbers.
        order: One of ``ORDERS``: 'played' changes nothing, 'shuffled' is an
            order of its own for each clip, 'reversed' runs backwards,
            'frozen' repeats frame T // 2.
        seed: Of the shuffling. The first videos get the same orders whatever
            N is.

    Returns:
        (N, V, T).

    Raises:
        ValueError: There is no such order.
    """
    if order not in ORDERS:
        raise ValueError(f'order must be one of {ORDERS}, got {order!r}')
    if order == 'shuffled':
        draws = np.random.default_rng(seed).random(windows.shape)
        return windows.gather(-1, torch.from_numpy(draws).argsort(-1))
    if order == 'reversed':
        return windows.flip(-1)
    if order == 'frozen':
        middle = windows.shape[-1] // 2
        return windows[..., middle : middle + 1].expand_as(windows)
    return windows

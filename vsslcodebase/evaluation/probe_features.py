"""Features of all clips that the questions about motion-mini need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vsslcodebase.datasets.transforms.frame_order import ORDERS

from .features import Reader
from .probe_controls import in_order, pace_windows, uniform_windows
from .probe_videos import MiniVideos

Features = dict[str, dict[str, Tensor]]  # showing, split -> (n, V, D)


@dataclass(frozen=True)
class ProbeSettings:
    """What decides the figures, besides network and videos.

    Args:
        num_train: Labelled videos that linear probes are fitted to.
        num_gallery: Training videos among which the kNN looks; at least
            ``num_train`` are used.
        num_neighbours: k of the kNN.
        clip_len: Frames of a clip, T.
        frame_interval: Step from one frame to the next.
        num_clips: V, spread evenly over a video.
        pace_clips: Clips of a video at each pace, placed at random.
        seed: Of the shuffled orders, and of the places of the pace's clips.
    """

    num_train: int = 256
    num_gallery: int = 2048
    num_neighbours: int = 20
    clip_len: int = 8
    frame_interval: int = 2
    num_clips: int = 4
    pace_clips: int = 2
    seed: int = 0


class Showing(NamedTuple):
    """Clips to be read: windows in an order, of some videos.

    Attributes:
        name: 'clips ORDER', 'reversal shuffled', 'pace P ORDER' or
            'pace frozen'.
        windows: (N, V, T) frame numbers, by the number of the video.
        order: One of ``ORDERS``.
        seed: Of a shuffled order.
        rows: Of each split, numbers of its videos.
    """

    name: str
    windows: Tensor
    order: str
    seed: int
    rows: dict[str, Tensor]


def plan_showings(
    videos: dict[str, MiniVideos], settings: ProbeSettings
) -> list[Showing]:
    """List all that a network is to be shown.

    'reversal shuffled' are the reversals of the clips of 'clips shuffled',
    in orders of their own: those of a pair of clips do not tell each other.
    """
    total = videos['test'].frames.shape[1]
    most = max(len(part.frames) for part in videos.values())
    windows = uniform_windows(
        total, settings.clip_len, settings.frame_interval, settings.num_clips
    ).expand(most, -1, -1)
    everything = {
        split: torch.arange(len(part.frames)) for split, part in videos.items()
    }
    labelled = {
        **everything,
        'train': everything['train'][: settings.num_train],
    }
    filmed_forwards = {
        split: rows[videos[split].labels['motion'][rows] % 2 == 0]
        for split, rows in labelled.items()
    }
    seed = settings.seed
    plan = [
        Showing(
            f'clips {order}',
            windows,
            order,
            seed,
            everything if order == 'played' else labelled,
        )
        for order in ORDERS
    ]
    plan.append(
        Showing(
            'reversal shuffled',
            windows.flip(-1),
            'shuffled',
            seed + 1,
            filmed_forwards,
        )
    )
    paces = pace_windows(
        most, total, settings.clip_len, settings.pace_clips, seed
    )
    names = {showing.name for showing in plan}
    for place, (pace, own) in enumerate(paces.items()):
        for order in ORDERS:
            name = pace_showing(pace, order)
            if name not in names:
                names.add(name)
                again = seed + 2 + place
                plan.append(Showing(name, own, order, again, labelled))
    return plan


def pace_showing(pace: int, order: str) -> str:
    """Return the name of what shows a pace; frozen, all paces are alike."""
    return 'pace frozen' if order == 'frozen' else f'pace {pace} {order}'


def count_clips(plan: list[Showing]) -> int:
    """Return how many clips a plan has."""
    return sum(
        showing.windows.shape[1] * len(rows)
        for showing in plan
        for rows in showing.rows.values()
    )


def read_features(
    reader: Reader,
    videos: dict[str, MiniVideos],
    plan: list[Showing],
    batch_clips: int = 128,
    progress: Callable[[int], None] | None = None,
) -> Features:
    """Show a network all of a plan.

    Args:
        reader: (B, 3, T, H, W) uint8 -> (B, D).
        videos: Of 'train' and 'test'.
        plan: What ``plan_showings`` returned.
        batch_clips: Clips at a time.
        progress: Called with the number of clips done.

    Returns:
        Of each showing and split (n, V, D) float32.
    """
    found: Features = {}
    done = 0
    for showing in plan:
        found[showing.name] = {}
        for split, rows in showing.rows.items():
            parts = []
            for clips in _batches(
                videos[split].frames, showing, rows, batch_clips
            ):
                parts.append(reader(clips))
                done += len(clips)
                if progress is not None:
                    progress(done)
            features = torch.cat(parts)
            shape = (len(rows), showing.windows.shape[1])
            found[showing.name][split] = features.unflatten(0, shape)
    return found


def _batches(
    frames: Tensor, showing: Showing, rows: Tensor, batch_clips: int
) -> Iterator[Tensor]:
    """Yield clips (B, 3, T, H, W) uint8, those of a video together."""
    shown = in_order(showing.windows, showing.order, showing.seed)[rows]
    of_video = rows.repeat_interleave(shown.shape[1])
    for video, window in zip(
        of_video.split(batch_clips), shown.flatten(0, 1).split(batch_clips)
    ):
        clips = frames[video[:, None], window]  # (B, T, H, W, 3)
        yield clips.permute(0, 4, 1, 2, 3)

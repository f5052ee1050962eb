"""What CORP_m is asked, and what it answers, on a few held-out videos."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from numpy.typing import NDArray

from vsslcodebase.registry import DATASETS
from vsslcodebase.visualization import clip_sheet

TILE_PX = 96


class Questions(NamedTuple):
    """Clips of some videos and the classes of all pairs of them.

    Attributes:
        sheet: (height, width, 3) RGB, the clips as rows, numbered from 1.
        truth: (M, M) class of each pair: 0 another video, 1 the row's clip
            starts earlier, 2 later; -1 where nothing is asked.
        answers: (M, M) classes chosen by the network.
    """

    sheet: NDArray[np.uint8]
    truth: NDArray
    answers: NDArray


def ask(
    cfg: Config, model: Any, seed: int = 0, num_videos: int = 2
) -> Questions:
    """Take clips of held-out videos, and ask the network about them.

    Args:
        cfg: A config of CORP_m, for the clips of its validation.
        model: The trained network, in eval mode.
        seed: Of the clips.
        num_videos: Of them every second one, as two neighbours are each
            other's reversal.
    """
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    dataset.set_seed(seed)
    packed = [dataset[2 * number] for number in range(num_videos)]
    samples = [item['data_samples'] for item in packed]
    starts = torch.cat([sample.clip_start for sample in samples])
    count = len(starts) // num_videos
    videos = torch.arange(len(starts)) // count
    batch = dict(inputs=[i['inputs'] for i in packed], data_samples=samples)
    with torch.no_grad():
        data = model.data_preprocessor(batch, training=False)
        model(**data, mode='predict')
    logits = torch.cat([s.pair_logits for s in data['data_samples']]).cpu()
    return Questions(
        _draw(packed, videos.tolist()),
        pair_classes(videos, starts).numpy(),
        logits.argmax(-1).numpy(),
    )


def pair_classes(videos: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
    """Return the right answers for all ordered pairs of M clips.

    Args:
        videos: (M,) number of the clip's video.
        starts: (M,) first frame.

    Returns:
        (M, M): 0 another video, 1 the row's clip is earlier, 2 it is later,
        -1 if neither, as for a clip and itself.
    """
    same = videos[:, None] == videos[None]
    gap = starts[None] - starts[:, None]
    order = torch.where(gap > 0, 1, torch.where(gap < 0, 2, -1))
    return torch.where(same, order, 0)


def _draw(packed: list[dict[str, Any]], videos: list[int]) -> NDArray:
    """Lay out all clips with number, video and time."""
    clips: list[NDArray] = []
    captions: list[str] = []
    notes: list[list[str]] = []
    for item in packed:
        sample = item['data_samples']
        clips += list(
            item['inputs'].permute(0, 2, 3, 4, 1).numpy()
        )  # V T H W C
        for start, step in zip(sample.clip_start, sample.frame_interval):
            number = len(captions)
            captions.append(
                f'clip {number + 1}: of video {"ABCDEFGH"[videos[number]]}, '
                f'frame {int(start)} and on'
            )
            frames = int(start) + int(step) * np.arange(sample.clip_len)
            notes.append([str(frame) for frame in frames])
    return clip_sheet(clips, captions, notes, tile=TILE_PX)

"""Shuffling BN (He et al. 2020, MoCo, Section 3.3).

BatchNorm lets the clips of one forward know of each other. Were a query and
its key normalised in the same company, the network could tell by their common
statistics that they belong together, without looking at the videos. So the
keys are encoded in another company than the queries.
"""

from __future__ import annotations

import torch
from torch import Tensor


def forward_batches(
    num_videos: int,
    num_clips: int,
    groups: int = 1,
    sequential: bool = False,
) -> list[Tensor]:
    """Divide the clips of a process into forwards.

    Args:
        num_videos: B, a multiple of ``groups``.
        num_clips: V clips of each.
        groups: Groups of consecutive videos, each encoded alone, as if there
            were so many GPUs.
        sequential: Encode clip 0 of the videos, then clip 1 and so on, in
            place of all V together.

    Returns:
        Indices among the B*V video-major clips, one tensor a forward, in
        which every clip occurs once. In sequence, the clip's index changes
        slower than the group.

    Raises:
        ValueError: ``groups`` does not divide the videos.
    """
    if groups < 1 or num_videos % groups:
        raise ValueError(
            f'bn_groups={groups} cannot divide a batch of {num_videos} '
            'videos; set it to a divisor of train_dataloader.batch_size, and '
            'train_dataloader.drop_last=True'
        )
    rows = torch.arange(num_videos * num_clips).view(num_videos, num_clips)
    turns = rows.T if sequential else rows[None]  # (V, B) or (1, B, V)
    return [part.flatten() for turn in turns for part in turn.chunk(groups)]


def clip_permutation(num_videos: int, num_clips: int, step: int) -> Tensor:
    """Draw who takes whose place: clip v of one video that of another's.

    It is drawn from the number of the step alone, not from a generator that
    each process has in a state of its own. So all processes draw the same
    one without asking each other, and so does a run that is resumed.

    Args:
        num_videos: Videos of all processes.
        num_clips: V clips of each; each v has a permutation of its own.
        step: Any number that grows with the training.

    Returns:
        (num_videos * V,) indices of video-major clips; the clip at place i
        comes from place ``order[i]``.
    """
    generator = torch.Generator().manual_seed(step)
    videos = [
        torch.randperm(num_videos, generator=generator)
        for _ in range(num_clips)
    ]
    clips = torch.stack(videos, dim=1) * num_clips + torch.arange(num_clips)
    return clips.flatten()

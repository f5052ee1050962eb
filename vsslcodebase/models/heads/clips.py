"""What is asked of a batch of clips: how many, and which is earlier."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from vsslcodebase.models.clip_fields import stack_clip_field


def count_clips(
    embeddings: Tensor, data_samples: Sequence[ActionDataSample]
) -> int:
    """Find the number V of clips per video.

    Args:
        embeddings: (B*V, d), video-major.
        data_samples: One per video, B in all.

    Raises:
        ValueError: The embeddings are not of this shape.
    """
    num_videos = len(data_samples)
    if embeddings.ndim != 2 or len(embeddings) % num_videos:
        raise ValueError(
            f'expected embeddings (B*V, d) of B={num_videos} videos, got '
            f'shape {tuple(embeddings.shape)}; a neck such as ProjectionNeck '
            'makes them of a feature map'
        )
    return len(embeddings) // num_videos


def write_embeddings(
    embeddings: Tensor, data_samples: Sequence[ActionDataSample]
) -> Sequence[ActionDataSample]:
    """Write ``embedding`` (V, d) into each data sample.

    Args:
        embeddings: (B*V, d), video-major.
        data_samples: One per video, B in all; changed.

    Returns:
        The data samples.
    """
    num_clips = count_clips(embeddings, data_samples)
    for sample, own in zip(data_samples, embeddings.split(num_clips)):
        sample.set_field(own, 'embedding')
    return data_samples


def clip_starts(
    data_samples: Sequence[ActionDataSample],
    num_clips: int,
    device: torch.device,
) -> Tensor:
    """Collect the frame at which each clip starts.

    The position of a clip in the batch says nothing about its time, so a
    batch without this field is refused rather than given made-up labels.

    Args:
        data_samples: B samples with ``clip_start`` (V,), in frames.
        num_clips: V.
        device: Where to put them; MMAction2's pack leaves them on the CPU.

    Returns:
        (B, V) in the order of the clips, on ``device``.

    Raises:
        ValueError: The field is missing, or has not V entries.
    """
    return stack_clip_field(
        data_samples,
        'clip_start',
        device,
        num_clips=num_clips,
        user='the order task',
        advice='sample the clips with vsslcodebase.SampleSeparatedClips and '
        'pack them with vsslcodebase.PackClips, or with PackActionInputs('
        "algorithm_keys=('clip_start',)). SampleFrames of MMAction2 does not "
        'serve: it gives short videos equal clips',
    )

"""From samples to a batch, in the worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.dataset import pseudo_collate
from torch.utils.data import default_collate

from vsslcodebase.registry import FUNCTIONS


@FUNCTIONS.register_module()
def collate_clips(samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Stack the clips of all videos, and list everything else.

    In a worker the stack is made in memory that the training process shares:
    pixels are copied once, one file descriptor serves for the batch, and
    nothing is left to be stacked there. mmengine's ``pseudo_collate``, its
    default, sends video after video.

    Args:
        samples: B dicts of one video each, with ``inputs`` (V, C, T, H, W).

    Returns:
        The same keys; ``inputs`` (B, V, C, T, H, W) where all videos have one
        shape, else a list, about which the data preprocessor speaks.
    """
    batch = pseudo_collate(samples)
    if len({sample['inputs'].shape for sample in samples}) == 1:
        batch['inputs'] = default_collate(
            [sample['inputs'] for sample in samples]
        )
    return batch

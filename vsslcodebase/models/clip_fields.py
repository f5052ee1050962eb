"""What samplers wrote about the clips, as one tensor of the batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmaction.structures import ActionDataSample
from torch import Tensor


def stack_clip_field(
    data_samples: Sequence[ActionDataSample],
    name: str,
    device: torch.device,
    *,
    num_clips: int | None = None,
    user: str,
    advice: str,
) -> Tensor:
    """Collect a field that has one number for each clip.

    Args:
        data_samples: B samples with the field ``name`` (V,).
        name: The field.
        device: Where to put it; MMAction2's pack leaves it on the CPU.
        num_clips: V; without it, all samples must agree.
        user: Who needs the field, for the error.
        advice: Where the field comes from, for the error.

    Returns:
        (B, V) in the order of the clips, of the field's type.

    Raises:
        ValueError: A sample lacks the field or has not V entries.
    """
    for sample in data_samples:
        if name not in sample:
            raise ValueError(
                f'{user} needs {name} in every data sample, got only '
                f'{sorted(sample.all_keys())}; {advice}'
            )
    rows = [torch.as_tensor(sample.get(name)) for sample in data_samples]
    lengths = sorted({row.numel() for row in rows})
    expected = lengths[0] if num_clips is None else num_clips
    if lengths != [expected]:
        raise ValueError(
            f'{name} has {lengths} entries per video, but there are '
            f'{expected} clips per video; sampler and pack must agree'
        )
    return torch.stack([row.reshape(-1) for row in rows]).to(device)

"""Weights for plain torch, and a page that says what to do with them."""

from __future__ import annotations

from pathlib import Path

import torch

from vsslcodebase.checkpoints.exporters.recognizer_config import assigned
from vsslcodebase.checkpoints.exporters.whole_file import put_in_place
from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.saved_network import SavedNetwork, build_network
from vsslcodebase.datasets.annotation import write_whole

PAGE = """# {name}

Weights of a {type}: {count} tensors, a plain state dict.

```python
import torch
from mmengine.model import revert_sync_batchnorm
from vsslcodebase.models.build import build_part

{backbone}

network = revert_sync_batchnorm(build_part(backbone)).eval()
network.load_state_dict(torch.load('{file}', weights_only=True))
```

The network maps clips (N, 3, T, H, W) to (N, {width}, t, h, w). Clips are

{contract}
"""


def to_state_dict(saved: SavedNetwork, target: Path) -> int:
    """Write the backbone's weights, and a page beside them.

    Args:
        saved: The network.
        target: File to write; the page has the suffix .md instead.

    Returns:
        The number of tensors.

    Raises:
        CheckpointError: The weights do not fit the network.
    """
    network = build_network(saved)
    state = network.state_dict()
    with put_in_place(target) as partial:
        torch.save(dict(state), partial)
    page = PAGE.format(
        name=saved.name,
        type=saved.backbone['type'],
        count=len(state),
        backbone=assigned('backbone', saved.backbone),
        file=target.name,
        width=network.feat_dim,
        contract=describe(saved.contract),
    )
    write_whole(target.with_suffix('.md'), page)
    return len(state)


def describe(contract: InputContract) -> str:
    """Return the contract as a list for people."""
    lowest, highest = contract.value_range
    stride = ' or '.join(f'{x:g}' for x in contract.frame_interval)
    size = f'{contract.height} x {contract.width}'
    lines = {
        'frames': contract.num_frames,
        'frames of the video from one to the next': stride or None,
        'height x width': None if contract.height is None else size,
        'channels': ', '.join(
            {'r': 'red', 'g': 'green', 'b': 'blue'}[letter]
            for letter in contract.channel_order
        ),
        'black and white': f'{lowest:g} and {highest:g}',
        'mean, which is subtracted': contract.mean,
        'deviation, which divides': contract.std,
    }
    return '\n'.join(
        f'- {name}: {"not known" if value is None else value}'
        for name, value in lines.items()
    )

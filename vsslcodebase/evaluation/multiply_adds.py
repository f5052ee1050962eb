"""How many multiply-adds a network takes, as papers print "FLOPs"."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from vsslcodebase.models.layers import PrimeMotionBlock


def multiply_adds(
    backbone: nn.Module, clip_shape: Sequence[int]
) -> dict[str, int]:
    """Count the products of convolutions, linear layers and matrices.

    Nothing is computed: tensors are on the device 'meta'. Norms, activations
    and pools are left out, as usual. A cost volume counts as its definition
    says, displacements x channels a position, however it is computed: the
    fast form multiplies more, and takes less time.

    Args:
        backbone: Any network (N, C, T, H, W) -> map; left as it is.
        clip_shape: (C, T, H, W) of one clip, such as (3, 16, 256, 256).

    Returns:
        Of '', which is the whole, and of each module that takes any, by its
        dotted name.
    """
    network = deepcopy(backbone).to('meta').eval()
    costs: dict[str, int] = {}
    for name, module in network.named_modules():
        if isinstance(module, PrimeMotionBlock):
            _watch_costs(name, module, costs)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.empty(1, *clip_shape, device='meta'))
    found = counter.get_flop_counts()
    found[''] = found.pop('Global')
    root = type(network).__name__
    counts = {}
    for name in ('', *(name for name, _ in network.named_modules() if name)):
        ops = found.get(f'{root}.{name}' if name else '', {})
        if ops:
            counts[name] = sum(ops.values()) // 2  # a multiply-add is two
    for block, products in costs.items():
        ops = found[f'{root}.{block}' if block else '']
        surplus = products - ops[torch.ops.aten.bmm] // 2
        for name in counts:
            if not name or f'{block}.'.startswith(f'{name}.'):
                counts[name] += surplus
    return counts


def _watch_costs(
    name: str, block: PrimeMotionBlock, costs: dict[str, int]
) -> None:
    """Note what the cost volumes of a block are by definition."""
    displacements = block.cost_norm.num_features

    def note(module: nn.Module, inputs: tuple, reduced: Tensor) -> None:
        costs[name] = displacements * reduced.numel()

    block.reduce.register_forward_hook(note)

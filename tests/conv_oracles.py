"""Convolution and norm written out, to compare networks with."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def randomise(network: nn.Module, seed: int = 0) -> nn.Module:
    """Set eval mode and norms that are not the identity."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


def conv_norm(
    x: Tensor,
    unit: nn.Module,
    stride: tuple[int, ...] = (1, 1, 1),
    padding: tuple[int, ...] = (0, 0, 0),
) -> Tensor:
    """Apply the weights of ``unit.conv`` and ``unit.bn``, in eval mode."""
    x = F.conv3d(x, unit.conv.weight, unit.conv.bias, stride, padding)
    scale = unit.bn.weight / (unit.bn.running_var + 1e-5).sqrt()
    shift = unit.bn.bias - scale * unit.bn.running_mean
    return x * scale[:, None, None, None] + shift[:, None, None, None]


def space_then_time(
    x: Tensor,
    unit: nn.Module,
    stride: int = 1,
    kernel: int = 3,
) -> Tensor:
    """Apply a factorised convolution, without the last ReLU."""
    pad = kernel // 2
    x = conv_norm(x, unit.spatial, (1, stride, stride), (0, pad, pad)).relu()
    return conv_norm(x, unit.temporal, (stride, 1, 1), (pad, 0, 0))


def shapes_of(
    network: nn.Module, clips: Tensor, names: list[str]
) -> dict[str, tuple[int, ...]]:
    """Run ``network``; shape of what each named module gives, without N."""
    shapes = {}
    for name in names:
        network.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: shapes.update(
                {name: tuple(out.shape[1:])}
            )
        )
    network(clips)
    return shapes

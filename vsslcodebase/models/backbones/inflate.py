"""2D weights for a 3D network (I3D: repeat over time, divide by length)."""

from __future__ import annotations

from collections.abc import Mapping

from mmcv.cnn import ConvModule
from torch import Tensor, nn


def inflate_2d(
    state: Mapping[str, Tensor], network: nn.Module
) -> dict[str, Tensor]:
    """Translate a 2D ResNet's state dict into one of ``network``.

    A kernel is repeated along time and divided by the kernel's length there,
    so that a clip of equal frames gives what the frame gave.

    Args:
        state: Keys as torchvision writes them: ``layer1.0.conv1.weight``,
            ``layer1.0.bn1.weight``, ``layer1.0.downsample.0.weight``. The
            classifier ``fc`` is left out.
        network: MMAction2's ``ResNet3d``; gives names and kernel lengths.

    Returns:
        State dict with the names of ``network``. A key that has no place in
        it keeps its name, for the strict loader to complain about.
    """
    names = {}
    lengths = {}
    for name, module in network.named_modules():
        if not isinstance(module, ConvModule):
            continue
        conv, norm = _names_2d(name)
        names[conv] = f'{name}.conv'
        names[norm] = f'{name}.{module.norm_name}'
        lengths[f'{name}.conv.weight'] = module.conv.kernel_size[0]
    inflated = {}
    for key, value in state.items():
        owner, _, kind = key.rpartition('.')
        if owner == 'fc':
            continue
        new_key = f'{names.get(owner, owner)}.{kind}'
        if new_key in lengths and value.ndim == 4:
            length = lengths[new_key]
            value = value.unsqueeze(2).repeat(1, 1, length, 1, 1) / length
        inflated[new_key] = value
    return inflated


def _names_2d(name: str) -> tuple[str, str]:
    """Name a ConvModule's convolution and norm as torchvision does."""
    if name.endswith('downsample'):
        return f'{name}.0', f'{name}.1'
    stem, _, last = name.rpartition('conv')
    return name, f'{stem}bn{last}'

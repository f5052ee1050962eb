"""Two networks whose weights fit each other may still compute another thing.

Another stride, padding, epsilon, pool or activation changes no name and no
shape of a weight, so that a file loads without a word and gives other
features.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from mmengine.model import revert_sync_batchnorm
from torch import nn

from vsslcodebase.compat import CheckpointError
from vsslcodebase.models.build import build_part

# of a layer, what decides on its output beside its weights
SETTINGS = (
    'stride',
    'padding',
    'dilation',
    'groups',
    'padding_mode',
    'kernel_size',
    'ceil_mode',
    'eps',
    'negative_slope',
)
# a clip that all networks take, (N, C, T, H, W)
CLIP = (1, 3, 16, 64, 64)


def layer_differences(
    have: Mapping[str, Any], want: Mapping[str, Any]
) -> list[str]:
    """Compare the layers of two backbone configs by name.

    Args:
        have: Of the config.
        want: In the published file.

    Returns:
        'name: setting a, not b' for each; empty where the layers agree, or
        where the weights would not fit anyway, which loading tells better.
    """
    ours, theirs = (_build(cfg) for cfg in (have, want))
    if _shapes(ours) != _shapes(theirs):
        return []
    layers = dict(theirs.named_modules())
    found = [
        f'{name}: {key} {settings[key]}, not {other[key]}'
        for name, module in ours.named_modules()
        if name in layers and not any(module.children())
        for settings, other in [(_settings(module), _settings(layers[name]))]
        for key in settings
        if key in other and settings[key] != other[key]
    ]
    return found or _map_difference(ours, theirs)


def refuse_other_layers(
    model: Mapping[str, Any], meta: Mapping[str, Any], name: str
) -> None:
    """Compare a config's network with the one that a file describes.

    Args:
        model: The config's; of it, the part whose ``init_cfg`` names the
            file, else the backbone.
        meta: Of the file; without a ``backbone`` nothing is compared.
        name: What to call the file.

    Raises:
        CheckpointError: The weights fit, and the layers differ.
    """
    want = meta.get('backbone')
    part = _loaded_part(model, name) or model
    have = part.get('backbone') if part is model else part
    if not isinstance(want, Mapping) or not isinstance(have, Mapping):
        return
    found = layer_differences(have, want)
    if found:
        more = f' and {len(found) - 3} more' if len(found) > 3 else ''
        raise CheckpointError(
            f'{name} fits the backbone of this config in names and shapes, '
            'but was made with other layers, and features would be wrong: '
            f'{"; ".join(found[:3])}{more}. Take the backbone that the file '
            'describes (tools/publish_model.py and the importers print it), '
            'or, to use the weights all the same, take them out of it with '
            'tools/model_converters/to_state_dict.py'
        )


def _loaded_part(node: Any, name: str) -> Mapping[str, Any] | None:
    """Return the part of a model whose ``init_cfg`` names a file."""
    if isinstance(node, Mapping):
        init = node.get('init_cfg')
        if isinstance(init, Mapping) and init.get('checkpoint') == name:
            return node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for child in node:
            found = _loaded_part(child, name)
            if found is not None:
                return found
    return None


def _build(cfg: Mapping[str, Any]) -> nn.Module:
    """Build a network that has layers and no memory."""
    plain = deepcopy(dict(cfg))
    for key in ('init_cfg', 'pretrained'):
        if key in plain:
            plain[key] = None
    with torch.device('meta'):
        return revert_sync_batchnorm(build_part(plain))


def _shapes(network: nn.Module) -> dict[str, torch.Size]:
    """Return the shape of each weight by name."""
    return {key: value.shape for key, value in network.state_dict().items()}


def _map_difference(ours: nn.Module, theirs: nn.Module) -> list[str]:
    """Say that one clip becomes two sizes of map, as a pool more does."""
    clip = torch.empty(CLIP, device='meta')
    try:
        have, want = (
            tuple(network.eval()(clip).shape) for network in (ours, theirs)
        )
    except (AttributeError, RuntimeError):  # several maps, or too small
        return []
    shape = ' x '.join(map(str, CLIP[2:]))
    return [f'map of {shape}: {have}, not {want}'] * (have != want)


def _kind(module: nn.Module) -> str:
    """Name what a layer computes; norms of one process and of many alike."""
    is_norm = isinstance(module, nn.modules.batchnorm._BatchNorm)
    return 'BatchNorm' if is_norm else type(module).__name__


def _settings(module: nn.Module) -> dict[str, Any]:
    """Return the settings of one layer, numbers for all axes alike."""
    found: dict[str, Any] = {'layer': _kind(module)}
    for key in SETTINGS:
        value = getattr(module, key, None)
        if isinstance(value, (str, float, bool)):
            found[key] = value
        elif isinstance(value, (int, tuple, list)):
            axes = (value,) * 3 if isinstance(value, int) else tuple(value)
            found[key] = axes
    return found

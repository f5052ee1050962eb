"""Two networks whose weights fit each other may still compute another thing.

Another stride, padding or epsilon changes no name and no shape of a weight,
so that a file loads without a word and gives other features.
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
    return [
        f'{name}: {key} {settings[key]}, not {other[key]}'
        for name, module in ours.named_modules()
        if name in layers and not any(module.children())
        for settings, other in [(_settings(module), _settings(layers[name]))]
        for key in settings
        if key in other and settings[key] != other[key]
    ]


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
    have = _loaded_part(model, name) or model.get('backbone')
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


def _settings(module: nn.Module) -> dict[str, Any]:
    """Return the settings of one layer, numbers for all axes alike."""
    found: dict[str, Any] = {}
    for key in SETTINGS:
        value = getattr(module, key, None)
        if isinstance(value, (str, float, bool)):
            found[key] = value
        elif isinstance(value, (int, tuple, list)):
            axes = (value,) * 3 if isinstance(value, int) else tuple(value)
            found[key] = axes
    return found

"""Features of any layer of a backbone, as vectors.

Video retrieval compares two places of a network (VCOP, Xu et al. 2019, and
Pace Prediction, Wang et al. 2020, Tables 4 and 5), 'p5' and 'p4':

====  =========================================  =========================
name  where                                      made into a vector by
====  =========================================  =========================
p5    the backbone's last map                    max pool (1, 2, 2), flat
p4    ``pool4`` where there is one (C3D)         flat
p4    else ``conv4`` (``layer3`` of a ResNet of  max pool (1, 2, 2), flat
      MMAction2)
====  =========================================  =========================

Both are 50,176 numbers for p4 and 9,216 for p5 with 16 frames of 112 x 112
in the networks of that paper.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from difflib import get_close_matches
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

POOLINGS = ('gap', 'max', 'flat')
P4_PLACES = ('pool4', 'conv4', 'layer3')


class LayerReader:
    """Reads one layer while the backbone runs; leaves no hook behind.

    Args:
        backbone: The network.
        layer: None for the backbone's output; the dotted name of a module in
            it, such as 'conv4' or 'conv4.0.relu'; 'p5' or 'p4' as above.
        pool: How a map (C, t, h, w) becomes a vector: 'gap', the average
            over time and space; 'max', a max pool of (1, 2, 2), flattened;
            'flat', all of it. Default: as above for 'p5' and 'p4', else
            'gap'.
        pool_size: 'gap' averages to so many cells along height and width;
            the vector has C * pool_size**2 numbers.

    Raises:
        ValueError: No such layer (the message lists those there are) or
            pooling.
    """

    def __init__(
        self,
        backbone: nn.Module,
        layer: str | None = None,
        pool: str | None = None,
        pool_size: int = 1,
    ) -> None:
        if pool not in (None, *POOLINGS):
            raise ValueError(
                f'pool must be one of {", ".join(POOLINGS)}, or None for the '
                f'usual one of the layer, got {pool!r}'
            )
        self.backbone = backbone
        self.module_name = find_layer(backbone, layer)
        usual = 'max' if layer in ('p5', 'p4') else 'gap'
        if layer == 'p4' and self.module_name == 'pool4':
            usual = 'flat'
        self.pool = pool or usual
        if pool_size < 1 or (pool_size > 1 and self.pool != 'gap'):
            raise ValueError(
                "pool_size is a number of cells for pool='gap', 1 or more; "
                f'got pool_size={pool_size} with pool={self.pool!r}'
            )
        self.pool_size = pool_size

    def read_map(self, clips: Tensor) -> Tensor:
        """Run the backbone and return what the layer gave.

        Args:
            clips: (N, C, T, H, W), on the backbone's device.

        Returns:
            float32, (N, D, t, h, w) for a layer of convolutions.

        Raises:
            ValueError: The layer did not run, or more than once.
            TypeError: It gave no tensor.
        """
        name = self.module_name
        return read_maps(self.backbone, [name], clips)[name]

    @torch.no_grad()
    def __call__(self, clips: Tensor) -> Tensor:
        """Return the (N, D) float32 features of clips (N, C, T, H, W)."""
        return pool_map(self.read_map(clips), self.pool, self.pool_size)


def read_maps(
    backbone: nn.Module, names: Collection[str | None], clips: Tensor
) -> dict[str | None, Tensor]:
    """Run a backbone once and return what some of its layers gave.

    Args:
        backbone: The network; no hook is left in it.
        names: Of modules in it; None is the backbone's output.
        clips: (N, C, T, H, W), on its device.

    Returns:
        By name, float32.

    Raises:
        ValueError: A layer did not run, or more than once.
        TypeError: One gave no tensor.
    """
    seen: dict[str | None, list[Tensor]] = {name: [] for name in names}

    def keep(name: str, module: Any, inputs: Any, output: Any) -> None:
        # cloned: an in-place ReLU may come next
        seen[name].append(_one_map(output, name).clone())

    with ExitStack() as hooks:
        for name in seen:
            if name is None:
                continue
            layer = backbone.get_submodule(name)
            hook = layer.register_forward_hook(partial(keep, name))
            hooks.callback(hook.remove)
        output = backbone(clips)
    if None in seen:
        seen[None].append(_one_map(output, 'the backbone'))
    for name, maps in seen.items():
        if len(maps) != 1:
            raise ValueError(
                f'layer {name!r} ran {len(maps)} times in one pass; choose '
                'one that runs once'
            )
    return {name: maps[0] for name, maps in seen.items()}


def pool_map(maps: Tensor, pool: str, pool_size: int = 1) -> Tensor:
    """Make vectors (N, D) of maps (N, C, t, h, w); see ``LayerReader``.

    Raises:
        ValueError: There is nothing to pool, or too little for a max pool.
    """
    if pool == 'flat' or maps.ndim == 2:
        return maps.flatten(1)
    if maps.ndim != 5:
        raise ValueError(
            f'pool={pool!r} needs a map (N, C, t, h, w), but the layer gave '
            f"{tuple(maps.shape)}; take pool='flat' or another layer"
        )
    if pool == 'gap':
        cells = (1, pool_size, pool_size)
        return F.adaptive_avg_pool3d(maps, cells).flatten(1)
    if min(maps.shape[-2:]) < 2:
        raise ValueError(
            'a max pool of (1, 2, 2) needs a map of 2 x 2 or more, the layer '
            f"gave {tuple(maps.shape[-2:])}; take pool='gap' or larger frames"
        )
    return F.max_pool3d(maps, (1, 2, 2)).flatten(1)


def find_layer(backbone: nn.Module, layer: str | None) -> str | None:
    """Return the dotted name of the module that ``layer`` means.

    Args:
        backbone: The network.
        layer: See ``LayerReader``.

    Returns:
        The name; None for the backbone's output.

    Raises:
        ValueError: There is no such layer.
    """
    if layer in (None, 'p5'):
        return None
    names = [name for name, _ in backbone.named_modules() if name]
    if layer == 'p4':
        found = [name for name in P4_PLACES if name in names]
        if found:
            return found[0]
    elif layer in names:
        return layer
    raise ValueError(_unknown_layer(backbone, str(layer), names))


def _unknown_layer(backbone: nn.Module, layer: str, names: list[str]) -> str:
    """Say which layers there are where the name goes wrong."""
    what = f'{type(backbone).__name__} has no layer {layer!r}'
    if layer == 'p4':
        what += f', which is {", ".join(P4_PLACES[:-1])} or {P4_PLACES[-1]}'
    parent = layer
    while parent and not any(n.startswith(f'{parent}.') for n in names):
        parent = parent.rpartition('.')[0]
    inside = f'in {parent}' if parent else 'there'
    near = get_close_matches(layer, names, n=3)
    hint = f'; did you mean {" or ".join(near)}?' if near else '.'
    return (
        f'{what}{hint} The layers {inside} are '
        f"{_below(parent, names)}; 'p5' is the last map"
    )


def _below(parent: str, names: list[str], limit: int = 30) -> str:
    """List the names below one, as many levels as stay readable."""
    prefix = f'{parent}.' if parent else ''
    inner = [name for name in names if name.startswith(prefix)]
    depths = sorted({name.count('.') for name in inner})
    levels = [[n for n in inner if n.count('.') <= d] for d in depths]
    if not levels:
        return 'none'
    readable = [level for level in levels if len(level) <= limit]
    listed = readable[-1] if readable else levels[0]
    rest = ' and, with dots, what they hold' * (len(listed) < len(inner))
    return ', '.join(listed) + rest


def _one_map(output: Any, name: str) -> Tensor:
    """Return a layer's output as float32, if it is one tensor."""
    if not isinstance(output, Tensor):
        raise TypeError(
            f'{name} gave a {type(output).__name__}, expected one tensor; '
            'choose a layer that gives one (of a ResNet with several '
            'out_indices, one of them)'
        )
    return output.float()

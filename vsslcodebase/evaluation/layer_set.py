"""Several layers of a backbone in one pass."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

import torch
from torch import Tensor

from .layers import LayerReader, pool_map, read_maps

Name = TypeVar('Name', bound=Hashable)


class LayerSet(Generic[Name]):
    """Reads what several ``LayerReader`` read, running the backbone once.

    Args:
        readers: By any name; all of one backbone.

    Raises:
        ValueError: There is none, or they read different backbones.
    """

    def __init__(self, readers: Mapping[Name, LayerReader]) -> None:
        backbones = {id(reader.backbone) for reader in readers.values()}
        if len(backbones) != 1:
            raise ValueError(
                'expected readers of one backbone, got '
                f'{len(readers)} of {len(backbones)}'
            )
        self.readers = dict(readers)
        self.backbone = next(iter(readers.values())).backbone

    @torch.no_grad()
    def __call__(self, clips: Tensor) -> dict[Name, Tensor]:
        """Return the (N, D) float32 features of each reader.

        Args:
            clips: (N, C, T, H, W), on the backbone's device.

        Raises:
            ValueError: A layer did not run, or more than once, or cannot be
                pooled as its reader wants.
        """
        names = {reader.module_name for reader in self.readers.values()}
        maps = read_maps(self.backbone, names, clips)
        return {
            name: pool_map(
                maps[reader.module_name], reader.pool, reader.pool_size
            )
            for name, reader in self.readers.items()
        }

"""Epochs that are parts of a pass, for frequent validation of short runs."""

from __future__ import annotations

from collections.abc import Iterator, Sized

import torch
from mmengine.dataset import DefaultSampler

from vsslcodebase.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class PartialPassSampler(DefaultSampler):
    """Go through the data in ``parts`` epochs instead of one.

    mmengine validates and saves between epochs. Where a whole pass is long
    compared with the training, a part of it makes a better epoch. Each pass
    is a new permutation, and its parts share no video; up to ``parts - 1``
    videos, others in each pass, are left out so that all parts are of one
    length.

    Args:
        dataset: What is sampled from.
        parts: Epochs in a pass.
        shuffle: Whether each pass is permuted.
        seed: Of the permutations; the same on all processes. Default
            mmengine's common seed.

    Raises:
        ValueError: If there are not at least ``parts`` samples.
    """

    def __init__(
        self,
        dataset: Sized,
        parts: int,
        shuffle: bool = True,
        seed: int | None = None,
    ) -> None:
        if not 1 <= parts <= len(dataset):
            raise ValueError(
                f'parts must be in 1..{len(dataset)}, the number of samples, '
                f'got {parts}'
            )
        super().__init__(dataset, shuffle, seed)
        self.parts = parts
        part = len(dataset) // parts
        # As DefaultSampler: all processes get equally many.
        self.num_samples = -(-part // self.world_size)
        self.total_size = self.num_samples * self.world_size

    def __iter__(self) -> Iterator[int]:
        """Yield this process's share of this epoch's part."""
        num_pass, place = divmod(self.epoch, self.parts)
        count = len(self.dataset)
        order = torch.arange(count)
        if self.shuffle:
            generator = torch.Generator().manual_seed(self.seed + num_pass)
            order = torch.randperm(count, generator=generator)
        size = count // self.parts
        part = order[place * size : (place + 1) * size]
        part = part.repeat(-(-self.total_size // size))[: self.total_size]
        return iter(part[self.rank :: self.world_size].tolist())

"""The moving average of weights behind MoCo, BYOL and their relatives."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


@torch.no_grad()
def momentum_update(
    target: nn.Module | Iterable[Tensor],
    online: nn.Module | Iterable[Tensor],
    momentum: float,
) -> None:
    """Move the target a step towards the online weights, in place.

    ``target <- momentum * target + (1 - momentum) * online`` (He et al. 2020,
    MoCo Eq. 2). Of modules this is done with the parameters; buffers, which
    are statistics or counters already, are copied.

    A few operations work on all tensors together, each of which is read and
    written once: on a CPU memory is what this takes its time from.

    Args:
        target: A module, or tensors of any shapes; changed.
        online: The same parts, in the same order, on the same devices.
        momentum: Share that the target keeps, in [0, 1]; near 1, such as
            0.996. (mmengine's ``ExponentialMovingAverage`` calls 1 - this
            its momentum.)

    Raises:
        TypeError: A module meets tensors, or tensors to be averaged are
            integers, or pairs differ in dtype.
        ValueError: The momentum is out of range, or the two differ in the
            number or the shapes of their tensors.
    """
    if not 0 <= momentum <= 1:
        raise ValueError(
            f'momentum must be in [0, 1], got {momentum}; it is the share '
            'that the target keeps'
        )
    if isinstance(target, nn.Module) != isinstance(online, nn.Module):
        raise TypeError(
            'expected two modules or two lists of tensors, got '
            f'{type(target).__name__} and {type(online).__name__}'
        )
    old, old_buffers = _split(target)
    new, new_buffers = _split(online)
    _check_pairs(old, new)
    _check_pairs(old_buffers, new_buffers)
    for tensor in old:
        if not tensor.is_floating_point():
            raise TypeError(
                f'there is no average of {tensor.dtype}; pass modules, whose '
                'buffers are copied'
            )
    # Foreach operations refuse empty lists.
    if old:
        torch._foreach_lerp_(old, new, 1 - momentum)
    if old_buffers:
        torch._foreach_copy_(old_buffers, new_buffers)


def _split(
    part: nn.Module | Iterable[Tensor],
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the tensors to be averaged, and those to be copied."""
    if isinstance(part, nn.Module):
        return [*part.parameters()], [*part.buffers()]
    return list(part), []


def _check_pairs(old: list[Tensor], new: list[Tensor]) -> None:
    """Raise unless the tensors match one by one."""
    if len(old) != len(new):
        raise ValueError(
            f'the target has {len(old)} tensors, the online network '
            f'{len(new)}: they must be of one architecture'
        )
    for place, (a, b) in enumerate(zip(old, new)):
        if a.shape != b.shape:
            raise ValueError(
                f'tensor {place} is {tuple(a.shape)} in the target and '
                f'{tuple(b.shape)} online: they must be of one architecture'
            )
        if a.dtype != b.dtype:
            raise TypeError(
                f'tensor {place} is {a.dtype} in the target and {b.dtype} '
                'online; convert one of the networks'
            )

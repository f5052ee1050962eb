"""The collectives of the project; each says where the gradient goes.

All of them are the identity in a program that runs as one process.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def world_size() -> int:
    """Return the number of processes, 1 when not distributed."""
    return dist.get_world_size() if _initialised() else 1


def rank() -> int:
    """Return the index of this process, 0 when not distributed."""
    return dist.get_rank() if _initialised() else 0


def all_reduce_mean(x: Tensor) -> Tensor:
    """Average a tensor over the processes; no gradient flows.

    Args:
        x: floating point, of the same shape on every process.

    Returns:
        A new tensor of that shape, detached, equal on every process.
    """
    mean = x.detach().clone()
    if world_size() > 1:
        dist.all_reduce(mean)
        mean /= world_size()
    return mean


def gather_with_grad(x: Tensor) -> Tensor:
    """Concatenate the rows of all processes, with the exact gradient.

    Forward is an all-gather, backward sums the gradient of the result over
    the processes and returns to each its own rows. When every process computes
    the loss of the joined rows and DDP averages the parameters' gradients,
    that average is the gradient of one process with the joined batch. (Without
    the sum it would be ``1 / world_size`` of it.)

    Args:
        x: (N, ...), N the same on every process.

    Returns:
        (world_size * N, ...), rank-major; ``x`` itself when not distributed.

    Raises:
        ValueError: on every process, where the shapes differ among them.
    """
    if world_size() == 1:
        return x
    _check_equal_shapes(x)
    return _Gather.apply(x)


def gather_rows(x: Tensor) -> Tensor:
    """Concatenate the rows of all processes; no gradient flows.

    Unlike :func:`gather_with_grad` it takes batches of different sizes, as
    the last ones of an epoch may be.

    Args:
        x: (N, ...), where N alone may differ among the processes.

    Returns:
        (sum of all N, ...), rank-major, detached; equal on every process.
    """
    x = x.detach()
    if world_size() == 1:
        return x
    mine = torch.tensor(len(x), device=x.device)
    sizes = [torch.empty_like(mine) for _ in range(world_size())]
    dist.all_gather(sizes, mine)
    lengths = [int(size) for size in sizes]
    padded = x.new_zeros(max(lengths), *x.shape[1:])
    padded[: len(x)] = x
    parts = [torch.empty_like(padded) for _ in lengths]
    dist.all_gather(parts, padded)
    return torch.cat([part[:n] for part, n in zip(parts, lengths)])


@torch.no_grad()
def permute_rows(x: Tensor, order: Tensor) -> Tensor:
    """Bring the rows of all processes into another order; no gradient flows.

    What a gather and an index would give, but each process receives its own
    rows alone: of video clips on many GPUs, all rows do not fit into one.

    Args:
        x: (N, ...), N the same on every process.
        order: (world_size * N,) indices of the joined rows, rank-major; the
            same permutation on every process.

    Returns:
        (N, ...): of ``joined[order]`` the rows at this process's places.

    Raises:
        ValueError: on every process, where the shapes differ among them.
    """
    if world_size() == 1:
        return x[order.to(x.device)]
    _check_equal_shapes(x)
    order = order.view(world_size(), len(x))  # row r: what process r receives
    sources = order.div(len(x), rounding_mode='floor')
    given = sources == rank()
    sent = x[(order % len(x))[given].to(x.device)].contiguous()
    received = torch.empty_like(sent)
    own = sources[rank()]
    dist.all_to_all_single(
        received,
        sent,
        own.bincount(minlength=world_size()).tolist(),
        given.sum(1).tolist(),
    )
    # They come by sender, and from each in the order of their places
    return received[own.argsort(stable=True).argsort().to(x.device)]


class _Gather(torch.autograd.Function):
    """All-gather whose backward pass is a sum and a slice."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return the rows of all processes."""
        x = x.contiguous()  # NCCL fills contiguous tensors only
        parts = [torch.empty_like(x) for _ in range(world_size())]
        dist.all_gather(parts, x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Return this process's rows of the summed gradient."""
        summed = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(summed)
        return summed.chunk(world_size())[rank()]


def _initialised() -> bool:
    return dist.is_available() and dist.is_initialized()


def _check_equal_shapes(x: Tensor) -> None:
    """Raise everywhere if the processes hold different shapes.

    An all-gather of different shapes would hang, or return another process's
    bytes, so they are compared first: a collective of a few bytes.
    """
    shape = torch.tensor(x.shape, device=x.device)
    lowest, highest = shape.clone(), shape.clone()
    dist.all_reduce(lowest, dist.ReduceOp.MIN)
    dist.all_reduce(highest, dist.ReduceOp.MAX)
    if not torch.equal(lowest, highest):
        raise ValueError(
            f'rank {rank()} of {world_size()} gathers {tuple(x.shape)}, but '
            f'sizes reach from {lowest.tolist()} to {highest.tolist()} among '
            'the processes; use drop_last=True in the train dataloader'
        )

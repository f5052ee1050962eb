"""Time of the momentum update of 16 million parameters, on one CPU thread.

- foreach: ``momentum_update``, what training with a target network uses;
- lerp: ``Tensor.lerp_`` on one parameter after the other;
- in place: ``y.mul_(m).add_(x, alpha=1 - m)``, two passes over memory;
- expression: ``y.data = y * m + x * (1 - m)``, as most programs have it.

Run ``python benchmarks/momentum_update.py``. Times are medians of
interleaved rounds.
"""

from __future__ import annotations

import argparse

import torch
from _measure import interleave, milliseconds, print_table, times_faster
from torch import Tensor

from vsslcodebase.models.selfsup import momentum_update

MOMENTUM = 0.996


def lerp(target: list[Tensor], online: list[Tensor]) -> None:
    for y, x in zip(target, online):
        y.lerp_(x, 1 - MOMENTUM)


def in_place(target: list[Tensor], online: list[Tensor]) -> None:
    for y, x in zip(target, online):
        y.mul_(MOMENTUM).add_(x, alpha=1 - MOMENTUM)


def expression(target: list[Tensor], online: list[Tensor]) -> None:
    for y, x in zip(target, online):
        y.data = y * MOMENTUM + x * (1 - MOMENTUM)


WAYS = {
    'foreach': lambda y, x: momentum_update(y, x, MOMENTUM),
    'lerp': lerp,
    'in place': in_place,
    'expression': expression,
}


def parameters(count: int) -> list[Tensor]:
    """Draw about so many numbers in tensors as a residual network has them.

    Two convolutions and two vectors of a normalisation, again and again.
    """
    shapes = [(128, 128, 3, 3, 3), (128,), (512, 128, 1, 1, 1), (512,)]
    tensors: list[Tensor] = []
    while sum(map(torch.numel, tensors)) < count:
        tensors += [torch.randn(shape) for shape in shapes]
    return tensors


def check_agreement() -> None:
    """Stop if the ways do not give the same weights."""
    online = parameters(10**5)
    start = parameters(10**5)
    results = {}
    for way, update in WAYS.items():
        results[way] = [tensor.clone() for tensor in start]
        update(results[way], online)
    for way, result in results.items():
        for ours, theirs in zip(result, results['expression']):
            torch.testing.assert_close(ours, theirs, msg=way)


@torch.no_grad()
def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--parameters', type=int, default=16_000_000)
    parser.add_argument('--rounds', type=int, default=31)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    check_agreement()
    online, target = parameters(args.parameters), parameters(args.parameters)
    seconds = interleave(
        {
            way: lambda _, update=update: update(target, online)
            for way, update in WAYS.items()
        },
        args.rounds,
        label='momentum update',
    )
    print_table(
        ['way', 'ms', 'times the time of foreach'],
        [
            [
                way,
                milliseconds(times),
                times_faster(times, seconds['foreach']),
            ]
            for way, times in seconds.items()
        ],
    )


if __name__ == '__main__':
    main()

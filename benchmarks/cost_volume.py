"""Time and memory of the cost volume, forward and backward, on one thread.

Four ways to the same volume of 7 x 7 displacements:

- ours: ``cost_volume``, what training uses;
- shifted products: a product and a sum for each displacement;
- unfold: all displaced maps at once, by ``torch.nn.functional.unfold``;
- positions: a loop over the positions of the map.

Run ``python benchmarks/cost_volume.py``. Times are medians of interleaved
rounds, peak memory is that of a fresh process above its inputs.
"""

from __future__ import annotations

import argparse
from functools import partial
from itertools import product

import torch
import torch.nn.functional as F
from _measure import (
    ask_fresh_process,
    interleave,
    milliseconds,
    peak_mib,
    print_table,
    times_faster,
)
from torch import Tensor

from vsslcodebase.models.layers import cost_volume

REACH, STRIDE = 6, 2
STEPS = range(0, 2 * REACH + 1, STRIDE)
BATCH, CHANNELS = 4, 256


def normalised(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return maps of unit vectors, the second one padded."""
    a, b = F.normalize(first), F.normalize(second)
    return a, F.pad(b, (REACH,) * 4)


def shifted_products(first: Tensor, second: Tensor) -> Tensor:
    a, b = normalised(first, second)
    height, width = a.shape[2:]
    return torch.stack(
        [
            (a * b[:, :, y : y + height, x : x + width]).sum(1)
            for y, x in product(STEPS, STEPS)
        ],
        dim=1,
    )


def unfold(first: Tensor, second: Tensor) -> Tensor:
    a, b = normalised(first, second)
    columns = F.unfold(b, len(STEPS), dilation=STRIDE)  # (B, C*49, H*W)
    columns = columns.unflatten(1, (a.shape[1], -1)).unflatten(3, a.shape[2:])
    return (a[:, :, None] * columns).sum(1)


def positions(first: Tensor, second: Tensor) -> Tensor:
    a, b = normalised(first, second)
    height, width = a.shape[2:]
    span = 2 * REACH + 1
    volumes = [
        (
            a[:, :, y, x, None, None]
            * b[:, :, y : y + span : STRIDE, x : x + span : STRIDE]
        ).sum(1)
        for y, x in product(range(height), range(width))
    ]
    return torch.stack(volumes, -1).flatten(1, 2).unflatten(2, (height, width))


WAYS = {
    'ours': lambda a, b: cost_volume(a, b, REACH, STRIDE),
    'shifted products': shifted_products,
    'unfold': unfold,
    'positions': positions,
}


class Problem:
    """Two maps with random features, and a gradient of the volume."""

    def __init__(self, width: int) -> None:
        """Draw them."""
        torch.manual_seed(0)
        shape = (BATCH, CHANNELS, width, width)
        self.maps = [torch.randn(shape, requires_grad=True) for _ in 'ab']
        self.weights = torch.randn(BATCH, len(STEPS) ** 2, width, width)

    def run(self, way: str, number: int) -> None:
        """Do a round."""
        self.gradient(way)

    def gradient(self, way: str) -> tuple[Tensor, ...]:
        """Compute the volume in one of the ways, and a gradient."""
        volume = WAYS[way](*self.maps)
        return torch.autograd.grad((volume * self.weights).sum(), self.maps)


def check_agreement(width: int) -> None:
    """Stop if the ways do not give the same gradients."""
    problem = Problem(width)
    expected = problem.gradient('positions')
    for way in WAYS:
        for ours, theirs in zip(problem.gradient(way), expected):
            torch.testing.assert_close(ours, theirs, msg=way)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--width', type=int, nargs='+', default=[28, 14])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--peak', choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.peak:
        small, problem = Problem(4), Problem(args.width[0])
        print(
            peak_mib(
                lambda: problem.gradient(args.peak),
                warm_up=lambda: small.gradient(args.peak),
            )
        )
        return
    check_agreement(9)
    rows = []
    for width in args.width:
        problem = Problem(width)
        seconds = interleave(
            {way: partial(problem.run, way) for way in WAYS},
            args.rounds,
            label=f'cost volume, width {width}',
        )
        for way, times in seconds.items():
            peak = ask_fresh_process(
                __file__, '--peak', way, '--width', str(width)
            )
            ratio = times_faster(times, seconds['ours'])
            rows.append([width, way, milliseconds(times), ratio, round(peak)])
    print(f'{BATCH} maps of {CHANNELS} channels:\n')
    print_table(
        ['width', 'way', 'ms', 'times the time of ours', 'peak MiB'], rows
    )


if __name__ == '__main__':
    main()

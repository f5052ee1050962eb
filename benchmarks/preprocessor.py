"""Time of the data preprocessors, on one CPU thread.

A batch of 4 videos x 4 clips of 16x112x112 pixels, uint8:

- MMAction2: its ActionDataPreprocessor, which stacks and standardises;
- ours: ClipDataPreprocessor, doing the same;
- ours with colours: the same on what ``FastClips`` leaves to it, where it
  also makes RGB of YUV and applies colour jitter and grey.

Run ``python benchmarks/preprocessor.py``. Times are medians of interleaved
rounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
from _measure import (
    interleave,
    milliseconds,
    print_table,
    silence_warnings,
    times_faster,
)
from mmaction.structures import ActionDataSample
from torch import Tensor

from vsslcodebase.models import ClipDataPreprocessor
from vsslcodebase.models.data_preprocessor import IMAGENET_MEAN, IMAGENET_STD
from vsslcodebase.registry import MODELS

VIDEOS = 4
SHAPE = (4, 3, 16, 112, 112)


def batch(matrices: Tensor | None = None) -> dict:
    """Draw a batch as it comes from a data loader.

    Args:
        matrices: (VIDEOS, V, 3, 4), how colours are to be changed, or none.
    """
    generator = torch.Generator().manual_seed(0)
    samples = [ActionDataSample() for _ in range(VIDEOS)]
    if matrices is not None:
        for sample, matrix in zip(samples, matrices):
            sample.set_field(matrix, 'colour_matrix')
    inputs = [
        torch.randint(256, SHAPE, dtype=torch.uint8, generator=generator)
        for _ in range(VIDEOS)
    ]
    return dict(inputs=inputs, data_samples=samples)


def contestants() -> dict[str, Callable[[int], object]]:
    """Build the preprocessors; return rounds of them."""
    colours = dict(mean=IMAGENET_MEAN, std=IMAGENET_STD)
    peer = MODELS.build(
        dict(
            type='mmaction.ActionDataPreprocessor',
            format_shape='NCTHW',
            **colours,
        )
    )
    ours = ClipDataPreprocessor(**colours)
    plain = batch()
    identity = torch.eye(3, 4).expand(VIDEOS, SHAPE[0], 3, 4).contiguous()
    coloured = batch(identity)
    expected = peer(dict(plain))['inputs']
    # By nothing these matrices change the colours: all give the same.
    for result in (ours(plain), ours(coloured)):
        torch.testing.assert_close(
            result['inputs'], expected, atol=1e-4, rtol=1e-4
        )
    return {
        'MMAction2': lambda _: peer(dict(plain)),
        'ours': lambda _: ours(plain),
        'ours with colours': lambda _: ours(coloured),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rounds', type=int, default=31)
    args = parser.parse_args()
    torch.set_num_threads(1)
    silence_warnings()
    seconds = interleave(contestants(), args.rounds, label='preprocessor')
    print_table(
        ['way', 'ms a batch', 'ms a video', 'times faster than MMAction2'],
        [
            [
                way,
                milliseconds(times),
                milliseconds(times, VIDEOS),
                times_faster(seconds['MMAction2'], times),
            ]
            for way, times in seconds.items()
        ],
    )


if __name__ == '__main__':
    main()

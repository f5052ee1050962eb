"""The augmentation alone: frames come from memory, as decoders give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _measure import interleave, milliseconds, print_table, times_faster
from _ours import SAMPLER, augmentation
from _peer import build_augmentation
from mmaction.datasets.transforms import FormatShape, PackActionInputs

from vsslcodebase.datasets.readers import Picture, open_reader
from vsslcodebase.datasets.sample_state import seeded
from vsslcodebase.datasets.transforms import (
    FastClips,
    PackClips,
    PerClip,
    SampleSeparatedClips,
)

CROP = 112


class FramesInMemory:
    """What FastClips wants of a reader, for frames that are decoded already.

    Args:
        path: A video.
        indices: The frames that will be asked for.
    """

    def __init__(self, path: str, indices: np.ndarray) -> None:
        with open_reader(path, 'pyav') as reader:
            self.images = reader.get_frames(indices)  # V*T of (H, W, 3)
            self._pictures = [
                (
                    index,
                    Picture(
                        tuple(plane.copy() for plane in picture.planes),
                        picture.matrix,
                    ),
                )
                for index, picture in reader.visit(indices)
            ]

    def visit(self, indices: Sequence[int]) -> Iterator[tuple[int, Picture]]:
        """Yield the pictures, whatever is asked for."""
        yield from self._pictures

    def __enter__(self) -> FramesInMemory:
        """Return the reader itself."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Do nothing: there is nothing to close."""


class Inputs:
    """A video's frames and what transforms want to know of them."""

    def __init__(self, path: str, seed: int) -> None:
        sampler = {k: v for k, v in SAMPLER.items() if k != 'type'}
        with open_reader(path, 'pyav') as reader:
            self.results = dict(
                filename=path,
                label=0,
                modality='RGB',
                total_frames=reader.total_frames,
            )
        with seeded(seed):
            SampleSeparatedClips(**sampler)(self.results)
        self.reader = FramesInMemory(path, self.results['frame_inds'])

    def frames(self) -> dict:
        """Return what a decoding transform leaves behind: RGB frames."""
        images = list(self.reader.images)
        shape = images[0].shape[:2]
        return dict(
            self.results, imgs=images, img_shape=shape, original_shape=shape
        )

    def pictures(self) -> dict:
        """Return what DecodeOnDemand leaves behind: a reader."""
        return dict(self.results, video_reader=self.reader)


def measure(list_file: Path, rounds: int) -> None:
    """Print the table."""
    paths = [line[:-2] for line in list_file.read_text().splitlines()]
    videos = [Inputs(path, seed) for seed, path in enumerate(paths)]
    transforms = augmentation(CROP)
    peer = [
        build_augmentation(CROP),
        FormatShape(input_format='NCTHW'),
        PackActionInputs(),
    ]
    plain = [PerClip(transforms), PackClips()]
    fast = {
        'worker': {},
        'preprocessor': dict(apply_colour='preprocessor'),
        'worker, exact hue': dict(hue='hsv'),
    }
    contestants = {
        'peer': partial(_run_all, peer, videos, 'frames'),
        'reference': partial(_run_all, plain, videos, 'frames'),
    }
    for name, options in fast.items():
        steps = [FastClips(transforms, **options), PackClips()]
        contestants[name] = partial(_run_all, steps, videos, 'pictures')
    seconds = interleave(contestants, rounds, label='augmentation')
    print_table(
        ['way', 'ms a sample', 'times faster than the peer', 'target'],
        [
            [
                name,
                milliseconds(seconds[name], len(videos)),
                times_faster(seconds['peer'], seconds[name]),
                3.5 if name in ('worker', 'preprocessor') else '',
            ]
            for name in contestants
        ],
    )


def _run_all(
    steps: Sequence[Any], videos: Sequence[Inputs], kind: str, seed: int
) -> None:
    """Run the steps on all videos, with draws that the round decides."""
    with seeded(seed):
        for video in videos:
            results = getattr(video, kind)()
            for step in steps:
                results = step(results)
            assert results['inputs'].shape == (4, 3, 16, CROP, CROP)

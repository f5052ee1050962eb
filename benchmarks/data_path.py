"""From video files to clips: this project, MMAction2, and the decoder alone.

One sample is 4 clips of 16 frames, every second one, of a video: random
resized crop, flip, colour jitter, grey and blur, drawn once per clip.

- peer: MMAction2's VideoDataset with DecordInit, SampleFrames, DecordDecode,
  its own transforms clip by clip, OpenCV's grey and blur;
- reference: our plain transforms, DecodeClips and PerClip;
- worker: the fast path, DecodeOnDemand and FastClips;
- preprocessor: the same, colours being left to the data preprocessor;
- floor: libavcodec decoding the packets that our frames need, nothing else.

Run ``python benchmarks/data_path.py``; ``--quick`` only shows that it works.
Everything has one thread; times are CPU time of the process, contestants
take turns in shuffled order, ratios are medians of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import _augmenting
import _gpu
import _loading
import _ours
import _peer
import cv2
import torch
from _measure import (
    interleave,
    milliseconds,
    print_table,
    say,
    silence_warnings,
    times_faster,
)
from _videos import VideoSpec, build_list

from vsslcodebase.datasets.preparation.reencoding import (
    EncodeSettings,
    reencode_video,
)

WAYS = ('reference', 'worker', 'preprocessor')

VIDEOS = {
    'kinetics-gop12': VideoSpec(340, 256, 30, 10, gop=12, count=3),
    'kinetics-gop250': VideoSpec(340, 256, 30, 10, gop=250, count=3),
    'ssv2': VideoSpec(426, 240, 12, 3, gop=12, count=6),
    '720p': VideoSpec(1280, 720, 30, 10, gop=12, count=1),
}


class Case(NamedTuple):
    """A row of the table.

    Attributes:
        videos: A key of ``VIDEOS``.
        crop: Height and width of the clips.
        target: How many times faster than the peer this should be.
        rounds: Rounds that count.
        is_prepared: Whether ours reads re-encoded copies of the videos.
    """

    name: str
    videos: str
    crop: int
    target: float
    rounds: int
    is_prepared: bool = False


CASES = [
    Case('Kinetics-like, GOP 12, to 112', 'kinetics-gop12', 112, 2.0, 25),
    Case('Kinetics-like, GOP 250, to 112', 'kinetics-gop250', 112, 1.8, 25),
    Case('SSv2-like, to 112', 'ssv2', 112, 3.2, 25),
    Case('Kinetics-like, GOP 12, to 224', 'kinetics-gop12', 224, 2.5, 20),
    Case('720p, to 112', '720p', 112, 2.5, 10),
    Case('prepared, to 112', 'kinetics-gop12', 112, 5.5, 25, True),
]


def quick(spec: VideoSpec) -> VideoSpec:
    """Return a small kind of video in the place of a large one."""
    return replace(spec, width=96, height=64, seconds=2, count=1)


def prepare(list_file: Path) -> Path:
    """Re-encode the videos of a list, as tools/data/prepare.py does."""
    copies = []
    for line in list_file.read_text().splitlines():
        source = Path(line.rsplit(' ', 1)[0])
        target = source.with_name(f'{source.stem}-prepared.mp4')
        if not target.exists():
            say(f'preparing {source.name}')
            reencode_video(str(source), str(target), EncodeSettings())
        copies.append(target)
    prepared = list_file.with_name(f'{list_file.stem}-prepared.txt')
    prepared.write_text(''.join(f'{path} 0\n' for path in copies))
    return prepared


def visit_all(
    dataset: Any, num_videos: int, crop: int
) -> Callable[[int], None]:
    """Return a round: a sample of every video."""
    shape = (4, 3, 16, crop, crop)

    def visit(number: int) -> None:
        if hasattr(dataset, 'set_epoch'):
            dataset.set_epoch(number)
        for video in range(num_videos):
            sample = dataset[video]
            if tuple(sample['inputs'].shape) != shape:
                raise AssertionError(
                    f'expected {shape}, got {sample["inputs"].shape}'
                )

    return visit


def check_work(floor: _ours.DecodeFloor, draws: int = 200) -> None:
    """Stop unless ours and the peer's samplers ask for equal work.

    They place clips differently, but the frames of a sample, and those that
    have to be decoded to get at them, must be as many, within 8 %.
    """
    counts = []
    for epoch in range(draws):
        ours = floor.frame_indices(epoch, 0)
        peers = _peer.frame_indices(floor.total_frames(0))
        assert len(ours) == len(peers) == 64
        counts.append((floor.count(ours, 0), floor.count(peers, 0)))
    ours_mean, peers_mean = (sum(column) / draws for column in zip(*counts))
    if abs(ours_mean / peers_mean - 1) > 0.08:
        raise AssertionError(
            f'{ours_mean:.1f} frames are decoded for a sample of ours, '
            f'{peers_mean:.1f} for one of the peer'
        )


def measure_case(
    case: Case, list_file: Path, rounds: int
) -> tuple[list[object], list[object]]:
    """Return a case's row of milliseconds and its row of ratios."""
    ours_file = prepare(list_file) if case.is_prepared else list_file
    count = len(list_file.read_text().splitlines())
    floor = _ours.DecodeFloor(ours_file)
    check_work(floor)
    contestants = {
        'peer': visit_all(
            _peer.build_dataset(list_file, case.crop), count, case.crop
        ),
        **{
            way: visit_all(
                _ours.build_dataset(ours_file, case.crop, way),
                count,
                case.crop,
            )
            for way in WAYS
        },
        'floor': lambda number: [
            floor.decode(number, video) for video in range(count)
        ],
    }
    seconds = interleave(contestants, rounds, label=case.name)
    times: list[object] = [
        milliseconds(seconds[name], count) for name in contestants
    ]
    ratios: list[object] = [
        times_faster(seconds['peer'], seconds[name])
        for name in (*WAYS, 'floor')
    ]
    over_floor: list[object] = [
        times_faster(seconds[way], seconds['floor'])
        for way in ('worker', 'preprocessor')
    ]
    return (
        [case.name, *times],
        [case.name, *ratios, case.target, *over_floor],
    )


def measure_cases(lists: dict[str, Path], is_quick: bool) -> None:
    """Print two tables: milliseconds a sample, and ratios."""
    rows = [
        measure_case(case, lists[case.videos], 2 if is_quick else case.rounds)
        for case in CASES
    ]
    print('CPU time of a sample, milliseconds:\n')
    print_table(['case', 'peer', *WAYS, 'floor'], [times for times, _ in rows])
    print(
        '\nTimes faster than the peer, the target, and time over that of the '
        'floor (target: at most 1.2 in the Kinetics-like cases to 112):\n'
    )
    print_table(
        [
            'case',
            *WAYS,
            'floor',
            'target',
            'worker / floor',
            'preprocessor / floor',
        ],
        [ratios for _, ratios in rows],
    )


def measure_augmentation(lists: dict[str, Path], is_quick: bool) -> None:
    """Print what is left when frames need not be decoded."""
    print('\nAugmentation alone, frames being decoded already, to 112:\n')
    _augmenting.measure(lists['kinetics-gop12'], 3 if is_quick else 25)


def measure_loader(lists: dict[str, Path], is_quick: bool) -> None:
    """Print the throughput of a data loader."""
    print('\nDataLoader with two workers, batches of 8, wall clock:\n')
    _loading.measure(
        lists['kinetics-gop12'], 1 if is_quick else 4, 2 if is_quick else 7
    )


def measure_growth(lists: dict[str, Path], is_quick: bool) -> None:
    """Print how the process grows with the videos it has opened."""
    opens = 20 if is_quick else 500
    mib = _loading.growth_mib(lists['ssv2'], opens)
    print(
        f'\nResident memory grew by {mib:.2f} MiB over {opens} samples, '
        'each opening a video (target: under 2 MiB).'
    )


def measure_gpu(lists: dict[str, Path], is_quick: bool) -> None:
    """Print what a GPU makes of the batches, where there is one."""
    print('\nOn the GPU:\n')
    if torch.cuda.is_available():
        _gpu.measure(lists['kinetics-gop12'])
    else:
        print('not run: no GPU')


SECTIONS = {
    'cases': measure_cases,
    'augmentation': measure_augmentation,
    'loader': measure_loader,
    'growth': measure_growth,
    'gpu': measure_gpu,
}


def build_videos(folder: Path, is_quick: bool) -> dict[str, Path]:
    """Encode the videos; return the list file of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        name: build_list(name, quick(spec) if is_quick else spec, folder)
        for name, spec in VIDEOS.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the videos and print the sections that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--cache', type=Path, help='folder to keep the videos in'
    )
    parser.add_argument(
        '--quick', action='store_true', help='small videos, two rounds'
    )
    parser.add_argument(
        '--sections', nargs='+', choices=SECTIONS, default=list(SECTIONS)
    )
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    silence_warnings()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.cache or Path(temporary)
        lists = build_videos(folder.resolve(), args.quick)
        for name in args.sections:
            SECTIONS[name](lists, args.quick)


if __name__ == '__main__':
    main()

"""What is wrong or odd in a data set, as a list of kinds and their cases."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vsslcodebase.datasets.converter import find_frame_folders, find_videos

from .file_signs import first_bytes
from .video_report import BAD_KINDS, ODD_KINDS, VideoReport

Videos = Sequence[tuple[str, int]]  # (path, label), as lists have them
# From so far from the median on, a video is unlike the others.
_RATE_FACTOR, _PIXELS_FACTOR = 2, 4
_HASHED_BYTES = 1 << 16
DOUBTFUL_LABELS = ('conflicting labels', 'label without a class')


class Level(StrEnum):
    """How much a finding matters."""

    BAD = 'bad'  # training stumbles over it
    ODD = 'odd'  # training goes on; somebody should look


class Finding(NamedTuple):
    """One kind of trouble.

    Attributes:
        kind: Its name.
        level: How much it matters.
        meaning: What the name means.
        cases: (path, detail) of each.
    """

    kind: str
    level: Level
    meaning: str
    cases: list[tuple[str, str]]


def of_videos(reports: Iterable[VideoReport]) -> list[Finding]:
    """Sum up what is bad or odd in single videos."""
    bad: dict[str, list[tuple[str, str]]] = defaultdict(list)
    odd: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for report in reports:
        if report.bad:
            bad[report.bad].append((report.path, report.reason))
        for kind, detail in report.odd.items():
            odd[kind].append((report.path, detail))
    return [
        Finding(kind, Level.BAD, meaning, bad[kind])
        for kind, meaning in BAD_KINDS.items()
        if kind in bad
    ] + [
        Finding(kind, Level.ODD, meaning, odd[kind])
        for kind, meaning in ODD_KINDS.items()
        if kind in odd
    ]


def of_lengths(
    reports: Iterable[VideoReport], clip_frames: int, num_clips: int
) -> list[Finding]:
    """Find videos that are shorter than a clip, or than the clips want.

    Args:
        reports: Of all videos.
        clip_frames: Frames from the start of a clip to its end.
        num_clips: Clips of a video, which start at different frames.
    """
    lengths = sorted((r.frames, r.path) for r in reports if not r.bad)
    least = clip_frames + num_clips - 1
    short = [(p, _frames(n)) for n, p in lengths if n < clip_frames]
    crowded = [(p, _frames(n)) for n, p in lengths if clip_frames <= n < least]
    return _existing(
        Finding(
            'shorter than a clip',
            Level.ODD,
            f'fewer than {clip_frames} frames: clips repeat frames',
            short,
        ),
        Finding(
            'too short for the clips',
            Level.ODD,
            f'fewer than {least} frames: {num_clips} different clips do not '
            'fit',
            crowded,
        ),
    )


def of_outliers(reports: Iterable[VideoReport]) -> list[Finding]:
    """Find videos whose frame rate or size is unlike that of the others."""
    good = [report for report in reports if not report.bad]
    rates = {r.path: r.fps for r in good if r.fps}
    areas = {r.path: float(r.height * r.width) for r in good}
    sizes = {r.path: f'{r.width}x{r.height}' for r in good}
    rate, area = _median(rates.values()), _median(areas.values())
    return _existing(
        Finding(
            'unusual frame rate',
            Level.ODD,
            f'not within a factor {_RATE_FACTOR} of the usual {rate:.4g}/s',
            [
                (path, f'{rates[path]:.4g}/s')
                for path in _unlike(rates, rate, _RATE_FACTOR)
            ],
        ),
        Finding(
            'unusual size',
            Level.ODD,
            f'not within a factor {_PIXELS_FACTOR} of the usual {area:.0f} '
            'pixels',
            [
                (path, sizes[path])
                for path in _unlike(areas, area, _PIXELS_FACTOR)
            ],
        ),
    )


def of_lines(videos: Videos) -> list[Finding]:
    """Find lines that repeat or contradict others."""
    labels: dict[str, list[int]] = defaultdict(list)
    for path, label in videos:
        labels[os.path.normpath(path)].append(label)
    repeated = {path: found for path, found in labels.items() if found[1:]}
    return _existing(
        Finding(
            'conflicting labels',
            Level.BAD,
            'lines with the same video and different labels',
            [
                (path, f'labels {", ".join(map(str, found))}')
                for path, found in repeated.items()
                if len(set(found)) > 1
            ],
        ),
        Finding(
            'repeated line',
            Level.ODD,
            'the same video and label more than once',
            [
                (path, f'{len(found)} times')
                for path, found in repeated.items()
                if len(set(found)) == 1
            ],
        ),
    )


def of_labels(videos: Videos, classes: Sequence[str] = ()) -> list[Finding]:
    """Find labels without a class and classes without videos.

    Args:
        videos: The list.
        classes: Names of the classes; without, the largest label is the last.
    """
    used = {label for _, label in videos if label >= 0}
    known = len(classes) or max(used, default=-1) + 1
    return _existing(
        Finding(
            'label without a class',
            Level.BAD,
            f'there are {known} classes, 0 to {known - 1}',
            [
                (os.path.normpath(path), f'label {label}')
                for path, label in videos
                if label >= known
            ],
        ),
        Finding(
            'class without videos',
            Level.ODD,
            'no line has this label',
            [
                (f'class {number}', classes[number] if classes else '')
                for number in range(known)
                if used and number not in used
            ],
        ),
    )


def of_folder(
    videos: Videos, folder: str | Path, others: Mapping[str, Videos]
) -> list[Finding]:
    """Compare the list with the folder and with other lists of it.

    Args:
        videos: The list.
        folder: Where its videos are.
        others: Further lists, by name.
    """
    listed = {os.path.normpath(path) for path, _ in videos}
    shared, elsewhere = [], set()
    for name, lines in others.items():
        named = {os.path.normpath(path) for path, _ in lines}
        elsewhere |= named
        shared += [(path, name) for path in sorted(named & listed)]
    there = {path for paths in find_videos(folder).values() for path in paths}
    if any(os.path.isdir(os.path.join(folder, path)) for path in listed):
        there |= {*find_frame_folders(folder)}
    return _existing(
        Finding(
            'in another list, too',
            Level.ODD,
            'a leak, if one is for training and one for testing',
            shared,
        ),
        Finding(
            'not in the list',
            Level.ODD,
            'videos in the folder that no line names',
            sorted((path, '') for path in there - listed - elsewhere),
        ),
    )


def of_copies(
    reports: Iterable[VideoReport], labels: dict[str, int], folder: str | Path
) -> list[Finding]:
    """Find files of the same size that begin with the same 64 kB.

    Args:
        reports: Of all videos.
        labels: Label of each path.
        folder: Where they are.
    """
    by_size: dict[int, list[str]] = defaultdict(list)
    for report in reports:
        if report.num_bytes:
            by_size[report.num_bytes].append(report.path)
    same: dict[tuple[int, bytes], list[str]] = defaultdict(list)
    for size, paths in by_size.items():
        for path in paths if len(paths) > 1 else []:
            same[size, _hash_of_start(os.path.join(folder, path))].append(path)
    cases = []
    for paths in same.values():
        for path in paths[1:]:
            differ = labels[path] != labels[paths[0]]
            note = ', with another label' if differ else ''
            cases.append((path, f'as {paths[0]}{note}'))
    return _existing(
        Finding(
            'same file',
            Level.ODD,
            'files of equal size whose first 64 kB are equal',
            sorted(cases),
        )
    )


def _existing(*findings: Finding) -> list[Finding]:
    return [finding for finding in findings if finding.cases]


def _frames(number: int) -> str:
    return f'{number} frame{"s" if number > 1 else ""}'


def _median(values: Iterable[float]) -> float:
    return float(np.median(list(values) or [0]))


def _unlike(
    values: dict[str, float], usual: float, factor: float
) -> list[str]:
    """Return the keys of values a factor away from the usual one."""
    ratios = {
        key: max(value / usual, usual / value) for key, value in values.items()
    }
    unlike = [key for key, ratio in ratios.items() if ratio > factor]
    return sorted(unlike, key=lambda key: -ratios[key])


def _hash_of_start(path: str) -> bytes:
    return hashlib.sha256(first_bytes(path, _HASHED_BYTES)).digest()

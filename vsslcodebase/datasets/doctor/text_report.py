"""A diagnosis as text: counts, the worst cases, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from .diagnosis import Diagnosis, frames_of_clip
from .findings import Finding, Level

_COMMON = 4  # most frequent codecs and sizes to be named
# Speeds below this one are not worth a second copy of a data set.
_WORTH_IT = 1.3


def text_report(
    diagnosis: Diagnosis, max_cases: int = 5, rate: float = 100
) -> str:
    """Write the report.

    Args:
        diagnosis: Of the data set.
        max_cases: Paths to be named of each kind of trouble.
        rate: Samples a second that training is to get.
    """
    sections = [
        _counts(diagnosis),
        _cases(diagnosis.findings, max_cases),
        _videos(diagnosis),
        _labels(diagnosis),
        _cost(diagnosis, rate),
        _reencoding(diagnosis),
    ]
    return '\n\n'.join('\n'.join(lines) for lines in sections if lines)


def _counts(diagnosis: Diagnosis) -> list[str]:
    """Head the report with how many there are of each kind."""
    num_videos, num_good = len(diagnosis.reports), len(diagnosis.good)
    lines = [
        f'{len(diagnosis.videos)} lines, {num_videos} videos, '
        f'{num_good} of them readable ({_percent(num_good, num_videos)})'
    ]
    for level, title in (
        (Level.BAD, 'Bad: training stumbles over these'),
        (Level.ODD, 'Odd: training goes on, but look at them'),
    ):
        found = [f for f in diagnosis.findings if f.level is level]
        if found:
            lines += ['', title]
            lines += [f'  {_heading(finding)}' for finding in found]
    if not diagnosis.findings:
        lines += ['', 'Nothing is wrong.']
    return lines


def _heading(finding: Finding) -> str:
    return f'{len(finding.cases):7}  {finding.kind}: {finding.meaning}'


def _cases(findings: Sequence[Finding], max_cases: int) -> list[str]:
    """Name the first cases of each finding."""
    lines = ['Which ones'] if findings and max_cases else []
    for finding in findings if max_cases else []:
        lines.append(f'  {finding.kind}')
        for path, detail in finding.cases[:max_cases]:
            text = f'{path}  ({detail})' if detail else path
            # A name may be any bytes, a terminal shows but characters.
            lines.append(
                f'    {text.encode(errors="backslashreplace").decode()}'
            )
        more = len(finding.cases) - max_cases
        if more > 0:
            lines.append(f'    ... and {more} more')
    return lines


def _videos(diagnosis: Diagnosis) -> list[str]:
    """Describe the readable videos."""
    good = diagnosis.good
    if not good:
        return []
    frames = [video.frames for video in good]
    span = frames_of_clip(diagnosis.sampler)
    num_clips = diagnosis.sampler.num_clips
    codecs = _most_common(f'{v.codec} in {v.container}' for v in good)
    sizes = _most_common(f'{v.width}x{v.height}' for v in good)
    close = sum(number < span * num_clips for number in frames)
    return [
        f'The {len(good)} readable videos            least   median     most',
        _spread('frames', frames),
        _spread('frames a second', [v.fps for v in good if v.fps]),
        _spread('short side, pixels', [min(v.height, v.width) for v in good]),
        _spread('frames between key frames', [v.gop_max for v in good]),
        _spread('bytes a frame', [v.num_bytes / v.frames for v in good]),
        f'  total  {_size(sum(v.num_bytes for v in good))}, '
        f'{sum(frames)} frames',
        f'  codecs  {codecs}',
        f'  sizes   {sizes}',
        f'  clips   {_percent(close, len(good))} have fewer than '
        f'{span * num_clips} frames, so that {num_clips} clips of {span} '
        'overlap',
    ]


def _labels(diagnosis: Diagnosis) -> list[str]:
    """Describe how many videos the classes have."""
    counts = Counter(label for _, label in diagnosis.videos)
    unlabelled = counts.pop(-1, 0)
    lines = ['Labels']
    if unlabelled:
        lines.append(f'  {unlabelled} lines without a label')
    if counts:
        numbers = sorted(counts.values())
        lines.append(
            f'  {len(counts)} classes with {numbers[0]} to {numbers[-1]} '
            f'videos, {np.median(numbers):g} in the median'
        )
    return lines


def _cost(diagnosis: Diagnosis, rate: float) -> list[str]:
    """Say what decoding costs, and how many cores are enough."""
    costs = diagnosis.costs
    if not costs:
        return []
    times = [cost.cpu_ms for cost in costs]
    mean = float(np.mean(times))
    slowest = max(costs, key=lambda cost: cost.cpu_ms)
    return [
        f'Decoding, by {len(costs)} videos drawn at random, '
        f'{diagnosis.sampler}',
        f'  CPU time a sample  mean {mean:.3g} ms, median '
        f'{np.median(times):.3g}, most {slowest.cpu_ms:.3g} ({slowest.path})',
        f'  one core decodes {1000 / mean:.3g} samples a second; '
        f'{rate:g} a second keep {rate * mean / 1000:.2g} cores busy, '
        'before augmentation',
    ]


def _reencoding(diagnosis: Diagnosis) -> list[str]:
    """Say what re-encoding would do."""
    gain = diagnosis.gain()
    if gain is None:
        return []
    return [
        f'Re-encoding, by {len(diagnosis.trials)} of them',
        f'  decoding {gain.speed:.1f}x as fast ({gain.least_speed:.1f}x to '
        f'{gain.most_speed:.1f}x)',
        f'  {_size(gain.bytes_before)} become {_size(gain.bytes_after)}',
        f'  {_hours(gain.encode_hours)} of one core, once; cores share it',
    ]


def advice(
    diagnosis: Diagnosis,
    list_file: str,
    folder: str,
    short_side: int,
    is_clean: bool = False,
) -> list[str]:
    """Say what to do, a step an item.

    Args:
        diagnosis: Of the data set.
        list_file: The list to train on.
        folder: Where the videos are.
        short_side: Of re-encoded videos, in pixels.
        is_clean: Whether the list was written without the bad videos.
    """
    if not diagnosis.good:
        return [
            f'No video can be read. Is {folder} the folder that the paths of '
            'the list start from?'
        ]
    steps = []
    if is_clean:
        steps.append(f'Train on {list_file}, which names good videos only.')
    elif not diagnosis.is_sound:
        steps.append(
            'Get the bad videos again, or leave them out: --write-clean LIST '
            'writes the list to train on.'
        )
    gain = diagnosis.gain()
    if gain and gain.speed < _WORTH_IT:
        steps.append(
            'Keep the files as they are: re-encoding them would gain little.'
        )
    elif gain:
        steps.append(
            f'Re-encode the videos once, to decode them {gain.speed:.1f}x as '
            f'fast:\n     python tools/data/prepare.py {list_file} \\\n'
            f'         --videos {folder} --out {folder.rstrip("/")}_'
            f'{short_side} --short-side {short_side}'
        )
    return steps


def _spread(name: str, values: Sequence[float]) -> str:
    """Write least, median and most of some values as a line of a table."""
    if not values:
        return f'  {name:28} unknown'
    numbers = (min(values), float(np.median(values)), max(values))
    return f'  {name:28}' + ''.join(f' {_short(n):>8}' for n in numbers)


def _short(number: float) -> str:
    return f'{number:.4g}' if number < 1e4 else f'{number:,.0f}'


def _most_common(names: Iterator[str]) -> str:
    """Name the most frequent ones, with how many there are."""
    counts = Counter(names)
    common = counts.most_common(_COMMON)
    text = ', '.join(f'{name} {number}' for name, number in common)
    others = len(counts) - len(common)
    return f'{text}, {others} others' if others else text


def _percent(part: int, whole: int) -> str:
    """Return a share, never rounded to none or all."""
    if part in (0, whole):
        return '0 %' if part < whole else '100 %'
    return f'{min(max(100 * part / whole, 0.01), 99.99):.3g} %'


def _size(num_bytes: float) -> str:
    for unit in ('bytes', 'kB', 'MB', 'GB'):
        if num_bytes < 1000:
            return f'{num_bytes:.3g} {unit}'
        num_bytes /= 1000
    return f'{num_bytes:.3g} TB'


def _hours(hours: float) -> str:
    if hours < 0.02:
        return f'{3600 * hours:.2g} s'
    return f'{60 * hours:.2g} minutes' if hours < 1 else f'{hours:.3g} hours'

"""The examination of one video: can it be read, and what is odd about it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from vsslcodebase.datasets.readers import (
    BadVideoError,
    FrameFolderReader,
    VideoReader,
)
from vsslcodebase.datasets.readers.pyav_reader import PyAVReader

from .file_signs import announced_bytes, quoted_text, stored_bytes
from .video_header import Header, read_header

# What training replaces by another video, in the order of the report
BAD_KINDS = {
    'missing': 'no such file',
    'no file': 'a device or the like',
    'no access': 'not allowed to be read',
    'empty': 'no bytes',
    'truncated': 'cut off, cannot be read',
    'corrupt': 'damaged, or no video',
    'no video': 'no video stream',
    'crashed': 'kills the process that reads it',
    'timed out': 'not read in time',
    'unexpected error': 'one that ends training instead of being replaced',
}
# What training reads and a user may want to know of
ODD_KINDS = {
    'ends early': 'shorter than it says, perhaps cut off',
    'wrong frame count': 'the header counts other frames than there are',
    'no random access': 'decoded from its start for every sample: slow',
    'variable frame rate': 'frames at uneven times',
    'late start': 'the first frame is not at time 0',
    'rotated': 'stored lying on a side or upside down; readers turn it',
    'odd size': 'height or width is an odd number',
    'pixel format': 'not 8-bit 4:2:0',
    'non-square pixels': 'looks squeezed, as no reader here stretches it',
}
PLAIN_FORMATS = {'yuv420p', 'yuvj420p', 'nv12'}
# A video that ends so much before the time that its header gives is odd.
_EARLY_SHARE, _EARLY_SEC = 0.05, 0.5


@dataclass
class VideoReport:
    """What was found out about a video.

    Attributes:
        path: As in the list.
        bad: A key of ``BAD_KINDS``; '' for a video that can be read.
        reason: In words, why it is bad.
        odd: What was seen, for keys of ``ODD_KINDS`` and for comparisons
            with other videos.
        num_bytes: Of the file, or of a folder's images.
        container: A name that FFmpeg has for the format; 'a folder'.
        codec: FFmpeg's name; 'images' of a folder.
        pixels: FFmpeg's name of the pixel format.
        height: Pixels, before any rotation.
        width: Pixels, before any rotation.
        frames: How many frames there are, counted.
        fps: Mean frame rate, 0 where unknown.
        gop_mean: Mean distance of key frames, in frames.
        gop_max: Largest distance of key frames, in frames.
    """

    path: str
    bad: str = ''
    reason: str = ''
    odd: dict[str, str] = field(default_factory=dict)
    num_bytes: int = 0
    container: str = ''
    codec: str = ''
    pixels: str = ''
    height: int = 0
    width: int = 0
    frames: int = 0
    fps: float = 0.0
    gop_mean: float = 0.0
    gop_max: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return what is known, for JSON."""
        return {name: value for name, value in asdict(self).items() if value}


def examine(path: str, name: str, full: bool = False) -> VideoReport:
    """Read all packets of a video and decode its first and last frame.

    Args:
        path: The file, or a folder of images.
        name: What the report calls it.
        full: Decode every frame.
    """
    report = VideoReport(name)
    report.bad, report.reason = _trouble_with_file(path)
    if report.bad:
        return report
    if os.path.isdir(path):
        _examine_folder(path, full, report)
        return report
    report.num_bytes = os.path.getsize(path)
    try:
        header = read_header(path)
        _take_over(header, report)
        if not header.codec:
            report.bad = 'no video'
            report.reason = f'no video stream in this {header.container}'
            return report
        _read_frames(path, full, report)
    except BadVideoError as error:
        report.bad, report.reason = _why_unreadable(path, error.reason)
        return report
    report.odd |= _oddities(header, report.frames)
    return report


def _trouble_with_file(path: str) -> tuple[str, str]:
    """Return what is bad about a file that need not be opened to see it."""
    if not os.path.exists(path):
        if os.path.islink(path):
            return 'missing', f"a link to '{os.readlink(path)}', not there"
        return 'missing', 'the file does not exist'
    if not (os.path.isfile(path) or os.path.isdir(path)):
        return 'no file', 'not a regular file'
    if not os.access(path, os.R_OK):
        return 'no access', 'its permissions do not let you read it'
    if os.path.getsize(path) == 0 and os.path.isfile(path):
        return 'empty', 'the file is empty'
    return '', ''


def _examine_folder(path: str, full: bool, report: VideoReport) -> None:
    """Examine a folder of images, which has no header and no rate."""
    report.codec, report.container = 'images', 'a folder'
    try:
        with FrameFolderReader(path, fps=0) as reader:
            report.num_bytes = stored_bytes(path)
            report.frames = reader.total_frames
            report.gop_mean, report.gop_max = 1.0, 1
            (first,) = reader.get_frames([0])
            report.height, report.width = first.shape[:2]
            last = reader.total_frames - 1
            _decode(reader, range(last + 1) if full else [0, last])
    except BadVideoError as error:
        report.bad, report.reason = 'corrupt', error.reason


def _take_over(header: Header, report: VideoReport) -> None:
    """Copy the fields that the two have in common."""
    for name in Header._fields:
        if hasattr(report, name):
            setattr(report, name, getattr(header, name))


def _read_frames(path: str, full: bool, report: VideoReport) -> None:
    """Count the frames and decode some.

    Raises:
        BadVideoError: They cannot be read.
    """
    reader = _Reader(path)
    with reader:
        report.frames = reader.total_frames
        report.fps = round(reader.avg_fps, 3)
        if not reader.has_index:
            report.odd['no random access'] = (
                f'{report.codec} in {report.container}'
            )
        last = reader.total_frames - 1
        _decode(reader, range(last + 1) if full else [0, last])


def _decode(reader: VideoReader, indices: Sequence[int]) -> None:
    """Decode frames and forget them.

    Raises:
        BadVideoError: One does not decode.
    """
    num_whole = 0
    try:
        # Not as one list: the frames of a long video would fill the memory.
        for _ in reader.visit(indices):
            num_whole += 1
    except BadVideoError as error:
        reason = error.reason.partition(', <')[0]  # no objects of Python's
        raise BadVideoError(
            reader.path,
            f'{reason}, near frame {indices[num_whole]}',
        ) from error


class _Reader(PyAVReader):
    """The reader of training, which tells how it finds frames."""

    @property
    def has_index(self) -> bool:
        """Whether it knows where to find a frame."""
        return self._index is not None


def _why_unreadable(path: str, reason: str) -> tuple[str, str]:
    """Say more precisely than the reader why a file cannot be read."""
    text = quoted_text(path)
    if text:
        return 'corrupt', f'holds text, {text!r}'
    announced, there = announced_bytes(path), os.path.getsize(path)
    if announced > there:
        return 'truncated', f'{there} of {announced} bytes are there'
    return 'corrupt', reason


def _oddities(header: Header, frames: int) -> dict[str, str]:
    """Return what is odd about a video that can be read."""
    odd: dict[str, str] = {}
    timing = header.timing
    # Some containers count from the first frame, some from time 0.
    length_sec = timing.end_sec - min(timing.start_sec, 0)
    missing_sec = header.promised_sec - length_sec
    if timing.end_sec and missing_sec > max(
        _EARLY_SHARE * header.promised_sec, _EARLY_SEC
    ):
        odd['ends early'] = (
            f'{missing_sec:.1f} s of {header.promised_sec:.1f} s missing'
        )
    if header.promised_frames not in (0, frames):
        odd['wrong frame count'] = (
            f'{header.promised_frames} in the header, {frames} there'
        )
    if timing.is_uneven:
        odd['variable frame rate'] = (
            f'frames {1000 * timing.shortest_sec:.0f} to '
            f'{1000 * timing.longest_sec:.0f} ms apart'
        )
    if abs(timing.start_sec) > max(timing.longest_sec, 0.001):
        odd['late start'] = f'at {timing.start_sec:.2f} s'
    if header.rotation % 360:
        odd['rotated'] = f'by {header.rotation} degrees'
    if header.height % 2 or header.width % 2:
        odd['odd size'] = f'{header.width}x{header.height}'
    if header.pixels not in PLAIN_FORMATS:
        odd['pixel format'] = header.pixels
    if abs(header.pixel_aspect - 1) > 0.01:
        odd['non-square pixels'] = f'{header.pixel_aspect:.3f} wide to 1 high'
    return odd

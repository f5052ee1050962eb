"""Re-encoding one video so that training decodes it fast.

Small frames, short closed groups of pictures and no arithmetic coding: what a
data loader decodes all day long. Frame ``i`` of the new file shows what frame
``i`` of the source shows, in the numbering of :class:`PyAVReader`, at the same
time after the first frame.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path

import av
from av.video.reformatter import ColorRange, VideoReformatter

from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.datasets.readers.pyav_reader import PyAVReader

from .source_frames import FrameSource, matrix_of, quarter_turns, scale

PARTIAL = '.part'  # ends the names of files that are not whole yet

# Those of libx264, from fast to small
PRESETS = (
    'ultrafast',
    'superfast',
    'veryfast',
    'faster',
    'fast',
    'medium',
    'slow',
    'slower',
    'veryslow',
)
_SMALLEST_SIDE = 16  # one macroblock


@dataclass(frozen=True)
class EncodeSettings:
    """How videos are re-encoded, with libx264 and ``-tune fastdecode``.

    Args:
        short_side: Pixels of the shorter side, even; smaller videos keep
            their size, but for an odd side, which loses a pixel.
        gop: Frames from a key frame to the next, at most.
        crf: Quality, from 0 (lossless) to 51; 6 more halve the bytes. With 20
            frames have an SSIM of 0.98 to the scaled original, and lose by
            compression about what they lost by scaling; a step down costs
            12 % more bytes and 6 % more time to decode.
        preset: What libx264 spends on making files smaller.

    Raises:
        ValueError: A value is out of range.
    """

    short_side: int = 128
    gop: int = 12
    crf: int = 20
    preset: str = 'medium'

    def __post_init__(self) -> None:
        """Check the values."""
        if self.short_side < _SMALLEST_SIDE or self.short_side % 2:
            raise ValueError(
                'short_side must be an even number of pixels from '
                f'{_SMALLEST_SIDE} up, got {self.short_side}'
            )
        if self.gop < 1:
            raise ValueError(f'gop must be 1 or more frames, got {self.gop}')
        if not 0 <= self.crf <= 51:
            raise ValueError(f'crf must be in [0, 51], got {self.crf}')
        if self.preset not in PRESETS:
            raise ValueError(
                f'preset must be one of {", ".join(PRESETS)}, '
                f'got {self.preset!r}'
            )

    def size_of(self, height: int, width: int) -> tuple[int, int]:
        """Return the even (height, width) that a video of this size gets."""
        short = min(height, width)
        scale = min(self.short_side, short) / short
        limits = (height, width)
        new_height, new_width = (
            min(2 * round(side * scale / 2), side // 2 * 2) for side in limits
        )
        return max(new_height, 2), max(new_width, 2)


@dataclass(frozen=True)
class ReencodedVideo:
    """A video that was re-encoded.

    Attributes:
        source: Path of the video.
        target: Path of the new file.
        frames: Number of frames of both.
        size: Height and width of the new one.
        source_bytes: Bytes of the source.
        target_bytes: Bytes of the new file.
        sha256: Hash of the new file, in hexadecimal digits.
    """

    source: str
    target: str
    frames: int
    size: tuple[int, int]
    source_bytes: int
    target_bytes: int
    sha256: str


def reencode_video(
    source: str, target: str, settings: EncodeSettings
) -> ReencodedVideo:
    """Re-encode a video; the new file appears whole or not at all.

    Rotation is applied, sound is dropped. The matrix, primaries and transfer
    of the colours stay those of the source; the range becomes the limited
    one. Pixels stay as oblong as they are (readers of frames, unlike players,
    do not stretch them).

    Args:
        source: A video that :class:`PyAVReader` reads.
        target: Path of an .mp4; its folder is made, an old file replaced.
        settings: How to encode.

    Returns:
        What was made.

    Raises:
        BadVideoError: A frame of the source does not decode, or their size
            changes.
        OSError: The new file cannot be written.
    """
    os.makedirs(os.path.dirname(target) or '.', exist_ok=True)
    partial = partial_path(target)
    try:
        with closing(FrameSource(source)) as reader:
            size = _encode(reader, partial, settings)
            frames = reader.total_frames
        _check(partial, frames)
        made = ReencodedVideo(
            source,
            target,
            frames,
            size,
            os.path.getsize(source),
            os.path.getsize(partial),
            _sync_and_hash(partial),
        )
        os.replace(partial, target)
    except BaseException as error:
        Path(partial).unlink(missing_ok=True)
        if isinstance(error, av.FFmpegError) and not isinstance(
            error, OSError
        ):
            raise BadVideoError(
                source, f'cannot be encoded: {error.strerror}'
            ) from error
        raise
    return made


def partial_path(target: str) -> str:
    """Return where a file is written before it is whole.

    It lies in the same folder, because renaming is atomic within a file
    system only; the process id keeps two writers apart.
    """
    folder, name = os.path.split(target)
    return os.path.join(folder, f'.{name}.{os.getpid()}{PARTIAL}')


def _encode(
    reader: FrameSource, path: str, settings: EncodeSettings
) -> tuple[int, int]:
    """Write all frames of a video to ``path``; return their size."""
    converter = VideoReformatter()
    frames = reader.frames()
    first, _ = start = next(frames)
    turns = quarter_turns(first)
    stored = settings.size_of(first.height, first.width)
    size = stored[::-1] if turns % 2 else stored
    with av.open(
        path,
        'w',
        format='mp4',
        # Index in front: whoever opens the file reads its start only.
        container_options={'movflags': 'faststart'},
    ) as container:
        stream = _add_stream(container, reader, first, settings)
        stream.height, stream.width = size
        for frame, time in chain([start], frames):
            new = scale(converter, frame, stored, turns)
            new.pts, new.time_base = time, reader.tick
            container.mux(stream.encode(new))
        container.mux(stream.encode())
    return size


def _add_stream(
    container: av.container.OutputContainer,
    reader: FrameSource,
    frame: av.VideoFrame,
    settings: EncodeSettings,
) -> av.VideoStream:
    """Set up the encoder, but for the size, for frames like ``frame``."""
    stream = container.add_stream(
        'libx264',
        rate=Fraction(reader.rate).limit_denominator(1001),
        options={
            'preset': settings.preset,
            'crf': str(settings.crf),
            'tune': 'fastdecode',
            'x264-params': 'open-gop=0:cpu-independent=1'
            + (':asm=avx2' * _has_avx512()),
        },
    )
    stream.pix_fmt = 'yuv420p'
    context = stream.codec_context
    context.time_base = reader.tick  # that of the source: exact times
    context.gop_size = settings.gop
    context.thread_count = 1  # workers are the parallelism
    context.colorspace = matrix_of(frame)
    context.color_range = ColorRange.MPEG
    context.color_primaries = frame.color_primaries
    context.color_trc = frame.color_trc
    ratio = reader.pixel_ratio
    if ratio:
        is_turned = quarter_turns(frame) % 2
        context.sample_aspect_ratio = 1 / ratio if is_turned else ratio
    return stream


@cache
def _has_avx512() -> bool:
    """Tell whether libx264 would use AVX-512.

    Its "macroblock tree" then reads memory that nobody has written, and a
    video is encoded differently each time. AVX2 is as fast here.
    """
    try:
        return ' avx512' in Path('/proc/cpuinfo').read_text()
    except OSError:  # not on Linux: take what comes
        return False


def _check(path: str, frames: int) -> None:
    """Read a new file as training will.

    Raises:
        OSError: It does not hold the right number of frames.
    """
    try:
        with PyAVReader(path) as reader:
            written = reader.total_frames
    except BadVideoError as error:
        raise OSError(f'cannot read back what was written: {error}') from None
    if written != frames:
        raise OSError(
            f'{path} should have {frames} frames and has {written}; is the '
            'disk full?'
        )


def _sync_and_hash(path: str) -> str:
    """Make sure that a file is on the disk, and return its hash."""
    with open(path, 'rb') as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, 'sha256').hexdigest()

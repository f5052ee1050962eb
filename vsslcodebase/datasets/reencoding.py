"""Re-encoding one video so that training decodes it fast.

Small frames, short closed groups of pictures and no arithmetic coding: what a
data loader decodes all day long. Frame ``i`` of the new file shows what frame
``i`` of the source shows, in the numbering of :class:`PyAVReader`, at the same
time after the first frame.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import (
    ColorRange,
    Colorspace,
    Interpolation,
    VideoReformatter,
)

from .transforms.pyav_reader import PyAVReader
from .transforms.video_reader import BadVideoError

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
_BT601, _UNSPECIFIED = 6, 2  # YUV matrices, numbered as in ITU-T H.273
_SCALING = Interpolation.BICUBIC | Interpolation.ACCURATE_RND


@dataclass(frozen=True)
class EncodeSettings:
    """How videos are re-encoded, with libx264 and ``-tune fastdecode``.

    Args:
        short_side: Pixels of the shorter side, even; smaller videos keep
            their size, but for an odd side, which loses a pixel.
        gop: Frames from a key frame to the next, at most.
        crf: Quality, from 0 (lossless) to 51; 6 more halve the bytes.
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
        with closing(_Source(source)) as reader:
            size = _encode(reader, partial, settings)
            _check(partial, reader.total_frames)
            frames = reader.total_frames
        sha256 = _sync_and_hash(partial)
        target_bytes = os.path.getsize(partial)
        os.replace(partial, target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return ReencodedVideo(
        source,
        target,
        frames,
        size,
        os.path.getsize(source),
        target_bytes,
        sha256,
    )


def partial_path(target: str) -> str:
    """Return where a file is written before it is whole.

    It lies in the same folder, because renaming is atomic within a file
    system only; the process id keeps two writers apart.
    """
    folder, name = os.path.split(target)
    return os.path.join(folder, f'.{name}.{os.getpid()}{PARTIAL}')


def sha256_of(path: str) -> str:
    """Return the hash of a file in hexadecimal digits."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


class _Source(PyAVReader):
    """A reader that gives all frames as FFmpeg has them, with their times."""

    def frames(self) -> Iterator[tuple[av.VideoFrame, int]]:
        """Yield every frame in order, and its time in ticks from the first.

        Files without reliable times (transport streams that were cut, H.264
        in .avi) get the mean distance where time would not go forward.
        """
        shape = None
        time = start = 0
        for number, frame in self._frames(list(range(self.total_frames))):
            if shape is None:
                shape = frame.height, frame.width
                time = start = frame.pts or 0
            elif frame.pts is not None and frame.pts > time:
                time = frame.pts
            else:
                time += max(round(1 / (self.rate * self.tick)), 1)
            if (frame.height, frame.width) != shape:
                raise BadVideoError(
                    self.path,
                    f'the frame size changes within the video, from {shape} '
                    f'to {(frame.height, frame.width)} at frame {number}',
                )
            yield frame, time - start

    @property
    def rate(self) -> float:
        """Frames per second, something usual where it is unknown."""
        return self.avg_fps or 25.0

    @property
    def tick(self) -> Fraction:
        """Seconds in a tick of the frames' times."""
        tick: Fraction = self._stream.time_base
        return tick

    @property
    def pixel_ratio(self) -> Fraction | None:
        """Width of a stored pixel by its height, None where unknown."""
        ratio: Fraction | None = self._stream.sample_aspect_ratio
        return ratio


def _encode(
    reader: _Source, path: str, settings: EncodeSettings
) -> tuple[int, int]:
    """Write all frames of a video to ``path``; return their size."""
    converter = VideoReformatter()
    frames = reader.frames()
    first, _ = start = next(frames)
    turns = _quarter_turns(first)
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
            new = _scale(converter, frame, stored, turns)
            new.pts, new.time_base = time, reader.tick
            container.mux(stream.encode(new))
        container.mux(stream.encode())
    return size


def _add_stream(
    container: av.container.OutputContainer,
    reader: _Source,
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
            'x264-params': 'open-gop=0',
        },
    )
    stream.pix_fmt = 'yuv420p'
    context = stream.codec_context
    context.time_base = reader.tick  # that of the source: exact times
    context.gop_size = settings.gop
    context.thread_count = 1  # workers are the parallelism
    context.colorspace = _matrix(frame)
    context.color_range = ColorRange.MPEG
    context.color_primaries = frame.color_primaries
    context.color_trc = frame.color_trc
    ratio = reader.pixel_ratio
    if ratio:
        is_turned = _quarter_turns(frame) % 2
        context.sample_aspect_ratio = 1 / ratio if is_turned else ratio
    return stream


def _scale(
    converter: VideoReformatter,
    frame: av.VideoFrame,
    size: tuple[int, int],
    turns: int,
) -> av.VideoFrame:
    """Return a frame as upright 8-bit 4:2:0 of limited range.

    Args:
        converter: Kept for all frames of a video, as setting it up is slow.
        frame: Any decoded frame.
        size: (height, width), even, before the frame is turned.
        turns: Quarter turns, counter-clockwise.
    """
    height, width = size
    small = converter.reformat(
        frame,
        width,
        height,
        'yuv420p',
        dst_colorspace=Colorspace.ITU601 if _is_rgb(frame) else None,
        dst_color_range=ColorRange.MPEG,
        interpolation=_SCALING,
        threads=1,
    ).to_ndarray()
    luma, chroma = small[:height], small[height:]
    planes = [luma, *chroma.reshape(2, height // 2, width // 2)]
    turned = [np.rot90(plane, turns) for plane in planes]
    # A new frame: the decoded one's has a type, I, P or B, that the encoder
    # would obey, and side data like its rotation.
    return av.VideoFrame.from_ndarray(
        np.concatenate([plane.ravel() for plane in turned]).reshape(
            -1, turned[0].shape[1]
        ),
        'yuv420p',
    )


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Return how often to turn a frame counter-clockwise, in 0..3."""
    return round(frame.rotation / 90) % 4


def _is_rgb(frame: av.VideoFrame) -> bool:
    return bool(frame.format.is_rgb)


def _matrix(frame: av.VideoFrame) -> int:
    """Return the number in ITU-T H.273 of the new file's YUV matrix."""
    if _is_rgb(frame):
        return _BT601
    return frame.colorspace or _UNSPECIFIED  # 0 is RGB, which planes are not


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

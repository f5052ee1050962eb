"""What the container of a video says, and what its packets show."""

from __future__ import annotations

from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsslcodebase.datasets.readers import BadVideoError

# Frame times may deviate so much from even ones, besides by rounding.
_UNEVEN_SHARE = 0.2


class Timing(NamedTuple):
    """When frames are shown; all 0 where the times are not stored.

    Attributes:
        start_sec: Time of the first frame.
        end_sec: Time when the last frame ends.
        shortest_sec: Between two frames.
        longest_sec: Between two frames.
    """

    start_sec: float = 0.0
    end_sec: float = 0.0
    shortest_sec: float = 0.0
    longest_sec: float = 0.0

    @property
    def is_uneven(self) -> bool:
        """Whether the frame rate varies."""
        spread = self.longest_sec - self.shortest_sec
        return spread > _UNEVEN_SHARE * self.shortest_sec


class Header(NamedTuple):
    """Facts about a file; numbers are 0 where it is silent.

    Attributes:
        container: A name that FFmpeg has for the format.
        codec: FFmpeg's name; '' where there is no video stream.
        pixels: FFmpeg's name of the pixel format.
        height: Pixels, before any rotation.
        width: Pixels, before any rotation.
        rotation: Degrees, counter-clockwise, to be applied for display.
        pixel_aspect: Width of a pixel by its height.
        promised_frames: Their number, as the header has it.
        promised_sec: Duration of the video stream, as the header has it.
        gop_mean: Mean distance of key frames, in frames.
        gop_max: Largest distance of key frames, in frames.
        timing: When frames are shown.
    """

    container: str
    codec: str = ''
    pixels: str = ''
    height: int = 0
    width: int = 0
    rotation: int = 0
    pixel_aspect: float = 1.0
    promised_frames: int = 0
    promised_sec: float = 0.0
    gop_mean: float = 0.0
    gop_max: int = 0
    timing: Timing = Timing()


def read_header(path: str) -> Header:
    """Read the header and all packets, and decode the first frame.

    Raises:
        BadVideoError: FFmpeg does not understand the file.
    """
    try:
        with av.open(path, metadata_errors='ignore') as container:
            return _read(path, container)
    except av.FFmpegError as error:
        raise BadVideoError(path, error.strerror) from error
    except IndexError as error:  # PyAV's, of damaged MPEG streams
        raise BadVideoError(path, 'a stream appears in mid-file') from error


def _read(path: str, container: InputContainer) -> Header:
    """Choose the video stream, as the reader does, and look at it."""
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not streams:
        return Header(_format(container))
    stream = streams[0]
    if stream.codec_context is None:
        raise BadVideoError(path, 'of a codec that FFmpeg does not know')
    stream.codec_context.thread_count = 1
    times, keys, first = _walk(container, stream)
    context, aspect = stream.codec_context, stream.sample_aspect_ratio
    gops = np.diff([*keys, len(times)]) if keys else np.zeros(1, int)
    return Header(
        _format(container),
        context.name,
        first.format.name if first else context.pix_fmt or '',
        first.height if first else context.height,
        first.width if first else context.width,
        first.rotation if first else 0,
        float(aspect or 1),
        stream.frames,
        _promised_sec(container, stream),
        round(float(gops.mean()), 2),
        int(gops.max()),
        _timing(times, float(stream.time_base or 0)),
    )


def _format(container: InputContainer) -> str:
    """Return one of the names of a format: 'mp4' of 'mov,mp4,m4a,3gp'."""
    names: list[str] = container.format.name.split(',')
    return 'mp4' if 'mp4' in names else names[0]


def _walk(
    container: InputContainer, stream: VideoStream
) -> tuple[list[tuple[int | None, int]], list[int], VideoFrame | None]:
    """Read all packets.

    Returns:
        Time and duration of each packet, in ticks; the numbers of the key
        packets; the first frame.
    """
    times: list[tuple[int | None, int]] = []
    keys: list[int] = []
    first = None
    for packet in container.demux(stream):
        if first is None:
            first = _first_frame(packet)
        if packet.size:
            if packet.is_keyframe:
                keys.append(len(times))
            times.append((packet.pts, packet.duration or 0))
    return times, keys, first


def _first_frame(packet: av.Packet) -> VideoFrame | None:
    """Decode a packet; one that does not decode is the reader's business."""
    try:
        return next(iter(packet.decode()), None)
    except av.FFmpegError:
        return None


def _timing(times: list[tuple[int | None, int]], tick_sec: float) -> Timing:
    """Sum up the (time, duration) of packets, in ticks."""
    known = sorted((t, d) for t, d in times if t is not None)
    if len(known) < len(times) or not known:
        return Timing()
    ticks = np.array([time for time, _ in known])
    steps = np.diff(ticks) if len(known) > 1 else np.zeros(1, np.int64)
    # Time stamps are rounded: intervals of one length differ by a tick.
    longest = max(steps.max() - 1, steps.min())
    return Timing(
        round(float(ticks[0] * tick_sec), 4),
        round(float((ticks[-1] + known[-1][1]) * tick_sec), 4),
        round(float(steps.min() * tick_sec), 4),
        round(float(longest * tick_sec), 4),
    )


def _promised_sec(container: InputContainer, stream: VideoStream) -> float:
    """Return how long the video should be; 0 if nobody says."""
    if stream.duration:
        return stream.duration * float(stream.time_base or 0)
    hours, _, rest = stream.metadata.get('DURATION', '').partition(':')
    minutes, _, seconds = rest.partition(':')  # Matroska's, in nanoseconds
    try:
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        pass
    if container.duration and not container.streams.audio:
        return float(container.duration / av.time_base)
    return 0.0

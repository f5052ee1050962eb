"""Reading video with PyAV (FFmpeg's libraries, bundled in its wheel)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import dropwhile, islice
from typing import NamedTuple

import av
import numpy as np

from .video_reader import BadVideoError, VideoReader

# Two wanted frames in different GOPs are read in one go when the stretch
# between them is shorter than this: seeking restarts the decoder's pipeline,
# which costs about as much as decoding so many frames.
_BRIDGED_FRAMES = 4


class _Packet(NamedTuple):
    """What the reader remembers of a packet; times in stream ticks."""

    pts: int | None
    dts: int | None
    is_key: bool
    is_shown: bool


class _Run(NamedTuple):
    """Frames (ascending) to be decoded in one go from a key packet."""

    start: int  # the key packet's place in the file
    frames: list[int]


class PyAVReader(VideoReader):
    """Video reader on PyAV; see :class:`VideoReader`.

    Opening reads all packets once, without decoding (0.7 ms for 300 frames of
    a small video). That gives the true frame count and, for every frame, its
    time stamp, by which decoded frames are recognised. Reading then visits
    the GOPs that hold wanted frames: seek to the key frame, decode up to the
    last frame wanted. Rotation metadata is applied, as players do.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        try:
            with self._ffmpeg_errors():
                self._open()
                packets = self._scan()
        except BaseException:
            self.close()
            raise
        self._packets = packets
        self._build_tables()

    def close(self) -> None:
        """Release the decoder and the file; may be called more than once."""
        if hasattr(self, '_container'):  # else opening has failed
            self._container.close()

    def _open(self) -> None:
        """Open the file and choose its first real video stream."""
        # Tags in a wrong encoding are no reason to refuse a video.
        self._container = av.open(self.path, metadata_errors='ignore')
        streams = [
            stream
            for stream in self._container.streams.video
            if not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not streams:
            raise BadVideoError(self.path, 'the file has no video stream')
        self._stream = streams[0]
        # Workers are the parallelism: threads inside them only cost.
        self._stream.codec_context.thread_count = 1

    def _scan(self) -> list[_Packet]:
        """List the packets from the first key packet on, in file order."""
        is_vp8 = self._stream.codec_context.name == 'vp8'
        packets: list[_Packet] = []
        for packet in self._demux():
            if not packet.size:
                break  # the end mark
            if packet.is_corrupt:
                raise BadVideoError(
                    self.path,
                    f'damaged or cut off after {len(packets)} frames',
                )
            # VP8 stores invisible reference frames in packets of their own.
            is_hidden = is_vp8 and not bytes(packet)[0] & 0x10
            packets.append(
                _Packet(
                    packet.pts,
                    packet.dts,
                    packet.is_keyframe,
                    not (packet.is_discard or is_hidden),
                )
            )
        promised = self._promised_packets()
        if len(packets) < promised:
            raise BadVideoError(
                self.path,
                f'cut off: the index lists {promised} frames, the file holds '
                f'{len(packets)}',
            )
        if not any(packet.is_shown for packet in packets):
            raise BadVideoError(self.path, 'the video stream has no frames')
        return packets

    def _promised_packets(self) -> int:
        """Return the length of an mp4 index; others list key frames only."""
        is_mp4 = 'mp4' in self._container.format.name.split(',')
        return len(self._stream.index_entries) if is_mp4 else 0

    def _build_tables(self) -> None:
        """Derive frame times, key packets and the frame rate."""
        packets = self._packets
        times = [packet.pts for packet in packets if packet.is_shown]
        stamped = [time for time in times if time is not None]
        # Raw streams have no time stamps, and AVI gives reordered H.264
        # frames wrong ones. Frames are then counted from the file's start.
        is_avi = self._container.format.name == 'avi'
        codec = self._stream.codec_context.name
        self._by_time = (
            len(set(stamped)) == len(times)
            and not (is_avi and codec in ('h264', 'hevc'))
            and packets[0].pts is not None
        )
        self.total_frames = len(times)
        self.avg_fps = self._frame_rate(stamped)
        self._pts = sorted(stamped) if self._by_time else []
        # Key packets by time of presentation: frames before an open GOP's
        # key frame, though stored after it, belong to the GOP before.
        keys = [
            (packet.pts, place)
            for place, packet in enumerate(packets)
            if packet.is_key and packet.pts is not None
        ]
        self._keys = sorted(keys)
        self._places = {p.pts: place for place, p in enumerate(packets)}

    def _frame_rate(self, times: list[int]) -> float:
        """Return the mean rate over the file's own frames, or 0."""
        span = max(times) - min(times) if times else 0
        if span > 0 and len(times) > 1:
            return float((len(times) - 1) / (span * self._stream.time_base))
        return float(self._stream.average_rate or 0)

    def _decode(self, indices: list[int]) -> list[np.ndarray]:
        if not self._by_time:
            return self._decode_counting(indices)
        frames: dict[int, np.ndarray] = {}
        with self._ffmpeg_errors():
            for run in self._runs(indices):
                found = self._decode_run(run)
                if len(found) < len(run.frames) and run.start > 0:
                    # A key frame that is none (intra refresh): once more
                    # from where the decoder cannot miss anything.
                    found = self._decode_run(_Run(0, run.frames))
                frames.update(found)
        return self._complete(frames, indices)

    def _runs(self, indices: list[int]) -> list[_Run]:
        """Group wanted frames by the key packet they are decoded from."""
        key_times = [time for time, _ in self._keys]
        wanted_times = [self._pts[index] for index in indices]
        nearest = np.searchsorted(key_times, wanted_times, side='right') - 1
        runs: list[_Run] = []
        for index, key in zip(indices, np.maximum(nearest, 0)):
            time, start = self._keys[key]
            if runs and runs[-1].start == start:
                runs[-1].frames.append(index)
                continue
            if runs:
                gap = np.searchsorted(self._pts, time) - runs[-1].frames[-1]
                if gap <= _BRIDGED_FRAMES:
                    runs[-1].frames.append(index)
                    continue
            runs.append(_Run(start, [index]))
        return runs

    def _decode_run(self, run: _Run) -> dict[int, np.ndarray]:
        """Decode one run; what the decoder does not give is left out."""
        waiting = {self._pts[index]: index for index in run.frames}
        last_time = self._pts[run.frames[-1]]
        found: dict[int, np.ndarray] = {}
        for packet in self._packets_from(run.start):
            for frame in packet.decode():
                if frame.pts in waiting:
                    found[waiting.pop(frame.pts)] = self._to_rgb(frame)
                elif frame.pts is not None and frame.pts > last_time:
                    return found
            if not waiting:
                break
        return found

    def _decode_counting(self, indices: list[int]) -> list[np.ndarray]:
        """Decode from the file's start, recognising frames by their rank."""
        wanted = set(indices)
        frames: dict[int, np.ndarray] = {}
        count = 0
        with self._ffmpeg_errors():
            for packet in self._packets_from(0):
                for frame in packet.decode():
                    if count in wanted:
                        frames[count] = self._to_rgb(frame)
                    count += 1
                if len(frames) == len(wanted):
                    break
        return self._complete(frames, indices)

    def _packets_from(self, place: int) -> Iterator[av.Packet]:
        """Yield the packets from the key packet ``place`` to the end mark."""
        if self._by_time:
            key = self._packets[place]
            target = key.pts if key.dts is None else key.dts
            self._container.seek(target, stream=self._stream)
            packets = self._container.demux(self._stream)
            for packet in packets:
                here = self._places.get(packet.pts, -1)
                if here == place:
                    yield packet
                    yield from packets
                    return
                if here > place:
                    break  # MPEG transport and program streams are guessed
        self.close()
        self._open()
        yield from islice(self._demux(), place, None)

    def _demux(self) -> Iterator[av.Packet]:
        """Yield packets from the first key packet on, then the end mark."""
        packets = self._container.demux(self._stream)
        # A stream cut in mid-GOP begins with packets that need lost ones.
        yield from dropwhile(lambda p: p.size and not p.is_keyframe, packets)

    def _to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """Convert to (H, W, 3) uint8 RGB, upright."""
        if frame.is_corrupt:
            raise BadVideoError(
                self.path, f'the frame at {frame.time:.3f} s is damaged'
            )
        image = frame.reformat(format='rgb24', threads=1).to_ndarray()
        if frame.rotation:
            quarter_turns = round(frame.rotation / 90)  # counter-clockwise
            image = np.ascontiguousarray(np.rot90(image, quarter_turns))
        return image

    def _complete(
        self, frames: dict[int, np.ndarray], indices: list[int]
    ) -> list[np.ndarray]:
        """Return ``frames`` in order; refuse to invent missing ones."""
        missing = [index for index in indices if index not in frames]
        if missing:
            raise BadVideoError(
                self.path,
                f'frame {missing[0]} of {self.total_frames} does not decode',
            )
        return [frames[index] for index in indices]

    @contextmanager
    def _ffmpeg_errors(self) -> Iterator[None]:
        """Turn FFmpeg's exceptions into :class:`BadVideoError`."""
        try:
            yield
        except av.FFmpegError as error:
            raise BadVideoError(self.path, f'{error.strerror}') from error

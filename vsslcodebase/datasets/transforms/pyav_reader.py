"""Reading video with PyAV (FFmpeg's libraries, bundled in its wheel)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import dropwhile

import av
import numpy as np

from .packet_index import Packet, PacketIndex, Run
from .picture import Picture
from .pyav_frames import FrameConverter
from .video_reader import BadVideoError, VideoReader

# Containers with a time stamp for every frame and exact seeking. In others,
# like MPEG program and transport streams, both are guessed.
_INDEXED_FORMATS = {'mp4', 'matroska', 'webm', 'avi'}

# Frames of MPEG-4 Part 2 that are this small may be empty; FFmpeg's limit.
_EMPTY_VOP_BYTES = 19


class PyAVReader(VideoReader):
    """Video reader on PyAV; see :class:`VideoReader`.

    Opening reads all packets once, without decoding (0.7 ms for 300 frames of
    a small video). That gives the true frame count and, for every frame, its
    time stamp, by which decoded frames are recognised. Reading then visits
    the GOPs that hold wanted frames: seek to the key frame, decode up to the
    last frame wanted.

    Where time stamps cannot be trusted (MPEG program and transport streams,
    raw streams, H.264 in AVI), frames are counted instead, decoding from the
    start of the file: exact as well, but slow.

    Rotation metadata is applied, as players do.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._converter = FrameConverter()
        try:
            with self._ffmpeg_errors():
                self._open()
                self._index = self._make_index()
                if self._index is None:
                    self.total_frames = sum(
                        1 for _ in self._decode_from_start()
                    )
                    self.avg_fps = 0.0
                else:
                    self.total_frames = len(self._index.times)
                    self.avg_fps = self._index.mean_rate()
        except BaseException:
            self.close()
            raise
        if not self.total_frames:
            self.close()
            raise BadVideoError(path, 'the video stream has no frames')
        self.avg_fps = self.avg_fps or float(self._stream.average_rate or 0)

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
            if stream.codec_context is not None  # a codec FFmpeg knows
            and not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not streams:
            raise BadVideoError(self.path, 'no video stream to be decoded')
        self._stream = streams[0]
        # Workers are the parallelism: threads inside them only cost.
        self._stream.codec_context.thread_count = 1

    def _make_index(self) -> PacketIndex | None:
        """Read all packets; None if their time stamps cannot be trusted."""
        formats = set(self._container.format.name.split(','))
        codec = self._stream.codec_context.name
        packets: list[Packet] = []
        has_times = bool(formats & _INDEXED_FORMATS)
        has_tiny = False
        for packet in self._demux():
            if packet.is_corrupt:
                raise BadVideoError(
                    self.path,
                    f'damaged or cut off after {len(packets)} frames',
                )
            # VP8 stores invisible reference frames in packets of their own.
            is_hidden = codec == 'vp8' and not bytes(packet)[0] & 0x10
            is_shown = not (is_hidden or packet.is_discard)
            packets.append(
                Packet(packet.pts, packet.dts, packet.is_keyframe, is_shown)
            )
            has_times = has_times and packet.pts is not None
            has_tiny = has_tiny or packet.size <= _EMPTY_VOP_BYTES
        self._check_promise(formats, len(packets))
        # AVI has no place for the times of reordered frames. FFmpeg knows
        # how to restore them for MPEG-4 Part 2 and not for these:
        is_guessed = 'avi' in formats and codec in ('h264', 'hevc')
        distinct = len({packet.pts for packet in packets}) == len(packets)
        if not packets or not has_times or is_guessed or not distinct:
            return None
        if codec == 'mpeg4' and has_tiny:
            packets = self._hide_empty(packets)
        return PacketIndex(packets, self._stream.time_base)

    def _check_promise(self, formats: set[str], num_packets: int) -> None:
        """Compare with the index of an mp4, the only one to list all."""
        promised = len(self._stream.index_entries) if 'mp4' in formats else 0
        if num_packets < promised:
            raise BadVideoError(
                self.path,
                f'cut off: the index lists {promised} frames, the file holds '
                f'{num_packets}',
            )

    def _hide_empty(self, packets: list[Packet]) -> list[Packet]:
        """Mark packets as hidden that the decoder makes no frame of.

        MPEG-4 Part 2 encoders like XviD drop frames by packets that say
        "nothing coded". What becomes of them depends on the other packets,
        so the decoder has to be asked.
        """
        shown = {frame.pts for frame in self._decode_from_start()}
        return [
            packet._replace(is_shown=packet.is_shown and packet.pts in shown)
            for packet in packets
        ]

    def _demux(self) -> Iterator[av.Packet]:
        """Yield the remaining packets, from a key packet on."""
        # A stream cut in mid-GOP begins with packets that need lost ones.
        yield from dropwhile(
            lambda packet: not packet.is_keyframe,
            (p for p in self._container.demux(self._stream) if p.size),
        )

    def _decode_packets(
        self, packets: Iterable[av.Packet]
    ) -> Iterator[av.VideoFrame]:
        """Decode packets, and what the decoder holds back at their end."""
        for packet in packets:
            yield from packet.decode()
        yield from self._stream.codec_context.decode(None)

    def _decode_from_start(self) -> Iterator[av.VideoFrame]:
        """Decode the whole file, whatever its container can do."""
        self.close()
        self._open()
        return self._decode_packets(self._demux())

    def _decode_from(
        self, index: PacketIndex, place: int
    ) -> Iterator[av.VideoFrame]:
        """Decode from a key packet on, given by its number in the file."""
        key = index.packets[place]
        target = key.pts if key.dts is None else key.dts
        self._container.seek(target, stream=self._stream)
        # Seeking may land early, on another key packet.
        packets = dropwhile(
            lambda packet: index.places.get(packet.pts, -1) < place,
            self._demux(),
        )
        return self._decode_packets(packets)

    def _decode(self, indices: list[int]) -> Iterator[tuple[int, np.ndarray]]:
        with self._ffmpeg_errors():
            for index, frame in self._frames(indices):
                yield index, self._converter.to_rgb(frame)

    def _visit(self, indices: list[int]) -> Iterator[tuple[int, Picture]]:
        for index, frame in self._frames(indices):
            with self._ffmpeg_errors():
                picture = self._converter.to_picture(frame)
            yield index, picture

    def _frames(
        self, indices: list[int]
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield the frames with their numbers, each once.

        Raises:
            BadVideoError: A frame is damaged or does not come.
        """
        missing = set(indices)
        for index, frame in self._find(indices):
            if frame.is_corrupt:
                raise BadVideoError(
                    self.path, f'a frame is damaged, {frame!r}'
                )
            if index in missing:
                missing.remove(index)
                yield index, frame
        if missing:  # never invent a frame
            raise BadVideoError(
                self.path,
                f'frame {min(missing)} of {self.total_frames} does not decode',
            )

    def _find(self, indices: list[int]) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield those of the frames that the decoder gives."""
        with self._ffmpeg_errors():
            if self._index is None:
                yield from self._count(indices)
            else:
                for run in self._index.runs(indices):
                    yield from self._find_run(self._index, run)

    def _find_run(
        self, index: PacketIndex, run: Run
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield the frames of a run that the decoder gives."""
        waiting = {index.times[i]: i for i in run.frames}
        yield from self._pick(self._decode_from(index, run.start), waiting)
        if waiting and run.start > 0:
            # A key frame that is none (intra refresh), or seeking went too
            # far: once more from where the decoder cannot miss anything.
            yield from self._pick(self._decode_from_start(), waiting)

    def _pick(
        self, frames: Iterable[av.VideoFrame], waiting: dict[int, int]
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield the frames with the waiting times, and remove those."""
        last_time = max(waiting)
        for frame in frames:
            if frame.pts in waiting:
                yield waiting.pop(frame.pts), frame
            if frame.pts is not None and frame.pts >= last_time:
                break

    def _count(
        self, indices: list[int]
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield the frames ``indices``, recognised by their rank."""
        wanted = set(indices)
        for rank, frame in enumerate(self._decode_from_start()):
            if rank in wanted:
                yield rank, frame
            if rank == indices[-1]:
                break

    @contextmanager
    def _ffmpeg_errors(self) -> Iterator[None]:
        """Turn FFmpeg's exceptions into :class:`BadVideoError`."""
        try:
            yield
        except av.FFmpegError as error:
            raise BadVideoError(self.path, error.strerror) from error

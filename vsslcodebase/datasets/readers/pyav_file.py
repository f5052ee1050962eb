"""The packets of a video file, read by PyAV."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import dropwhile

import av

from .packet_index import PacketIndex, Run
from .video_reader import BadVideoError

# Files whose video is smaller than this are read once and kept in memory.
_KEPT_BYTES = 16 * 2**20

# On opening, FFmpeg decodes the first frames to learn what packets and headers
# do not say. Nothing is missing without it of these codecs in these formats:
# decoders find out the pixel format, and the reordering of H.264 is counted.
_PLAIN_CODECS = {'mp4': {'h264'}, 'webm': {'vp8', 'vp9'}}
_UNPROBED = {'codec_whitelist': 'none', 'analyzeduration': '1'}

# The most that H.264 has room for
_MAX_REORDER_DEPTH = 16


class VideoFile:
    """A file's first real video stream: its packets and their decoder.

    Args:
        path: A video file.

    Raises:
        BadVideoError: It has no video stream that FFmpeg can decode.
        av.FFmpegError: It cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._kept: list[av.Packet] = []
        self._keeps_all = False
        for name, codecs in _PLAIN_CODECS.items():
            if path.lower().endswith(f'.{name}'):
                self.open(_UNPROBED)
                if name in self.formats and self.decoder.name in codecs:
                    return
        self.open()

    def open(self, options: dict[str, str] | None = None) -> None:
        """Open the file, or open it anew to forget where its decoder was."""
        self._close_container()
        # Tags in a wrong encoding are no reason to refuse a video.
        self._container = av.open(
            self.path, metadata_errors='ignore', options=options or {}
        )
        streams = [
            stream
            for stream in self._container.streams.video
            if stream.codec_context is not None  # a codec FFmpeg knows
            and not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not streams:
            self._close_container()
            raise BadVideoError(self.path, 'no video stream to be decoded')
        self.stream = streams[0]
        self.decoder = self.stream.codec_context
        # Workers are the parallelism: threads inside them only cost.
        self.decoder.thread_count = 1

    def close(self) -> None:
        """Close the file and forget it; may be called more than once."""
        self._kept.clear()
        self._keeps_all = False
        self._close_container()

    def _close_container(self) -> None:
        if hasattr(self, '_container'):
            self._container.close()

    @property
    def formats(self) -> set[str]:
        """FFmpeg's names of the container."""
        return set(self._container.format.name.split(','))

    def demux(self) -> Iterator[av.Packet]:
        """Yield the remaining packets, from a key packet on."""
        packets = (p for p in self._container.demux(self.stream) if p.size)
        try:
            # A stream cut in mid-GOP begins with packets that need lost ones.
            yield from dropwhile(lambda p: not p.is_keyframe, packets)
        except IndexError:
            # After the last packet PyAV trips over a stream that has turned
            # up late, as in damaged MPEG transport streams.
            return

    def read_all(self) -> Iterator[av.Packet]:
        """Yield all packets of a file just opened; keep them if they fit."""
        room = _KEPT_BYTES
        for packet in self.demux():
            room -= packet.size
            if room >= 0:
                self._kept.append(packet)
            else:
                self._kept.clear()
            yield packet
        self._keeps_all = room >= 0

    def decode_all(self) -> Iterator[av.VideoFrame]:
        """Decode the whole file, whatever its container can do."""
        self.open()
        for packet in self.demux():
            yield from self.decoder.decode(packet)
        yield from self.decoder.decode(None)

    def decode_run(
        self, index: PacketIndex, run: Run, wanted: Container[int]
    ) -> Iterator[av.VideoFrame]:
        """Decode a run; of frames of other times than wanted, not all come.

        The decoder skips those to which no other frame refers. At the end of
        the run it is asked for what it holds back.
        """
        self.decoder.flush_buffers()
        if self.decoder.name == 'h264':
            self.decoder.reorder_depth = min(
                index.reorder_depth, _MAX_REORDER_DEPTH
            )
        for packet in self._read_run(index, run):
            if index.can_skip:
                is_wanted = packet.pts in wanted
                self.decoder.skip_frame = 'DEFAULT' if is_wanted else 'NONREF'
            yield from self.decoder.decode(packet)
        yield from self.decoder.decode(None)

    def _read_run(self, index: PacketIndex, run: Run) -> Iterator[av.Packet]:
        """Yield the packets of a run."""
        if self._keeps_all:
            yield from self._kept[run.start : run.stop]
            return
        key = index.packets[run.start]
        target = key.pts if key.dts is None else key.dts
        self._container.seek(target, stream=self.stream)
        for packet in self.demux():
            place = index.places.get(packet.pts, -1)
            # Seeking may land early, on another key packet.
            if place >= run.start:
                yield packet
            if place >= run.stop - 1:
                return

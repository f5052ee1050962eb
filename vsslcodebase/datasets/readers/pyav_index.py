"""Reading all packets of a video to know where its frames are."""

from __future__ import annotations

import av

from .packet_index import Packet, PacketIndex
from .pyav_file import VideoFile
from .video_reader import BadVideoError

# Containers with a time stamp for every frame and exact seeking. In others,
# like MPEG program and transport streams, both are guessed.
_INDEXED_FORMATS = {'mp4', 'matroska', 'webm', 'avi'}

# Frames of MPEG-4 Part 2 that are this small may be empty; FFmpeg's limit.
_EMPTY_VOP_BYTES = 19

# AVFieldOrder: frames are not coded as two fields; 0 is unknown.
_PROGRESSIVE = 1


def make_index(file: VideoFile) -> PacketIndex | None:
    """Read the packets of a file just opened.

    Returns:
        Their index; None if their time stamps cannot be trusted.

    Raises:
        BadVideoError: The file is damaged or shorter than it says.
        av.FFmpegError: It cannot be read.
    """
    codec, formats = file.decoder.name, file.formats
    packets: list[Packet] = []
    is_steady, is_flat, has_tiny = True, codec == 'hevc', False
    for packet in file.read_all():
        if packet.is_corrupt:
            raise BadVideoError(
                file.path, f'damaged or cut off after {len(packets)} frames'
            )
        is_key, is_shown = packet.is_keyframe, not packet.is_discard
        if codec == 'vp8':
            # Reference frames that are not shown have packets of their own.
            is_shown = is_shown and bool(memoryview(packet)[0] & 0x10)
        elif codec == 'mpeg4':
            has_tiny = has_tiny or packet.size <= _EMPTY_VOP_BYTES
        elif codec == 'hevc':
            is_flat = is_flat and _is_lowest_layer(packet)
        if is_key and packets and packet.has_sidedata('new_extradata'):
            is_steady = False  # where the decoder starts would matter
        packets.append(Packet(packet.pts, packet.dts, is_key, is_shown))
    _check_promise(file, len(packets))
    times = {packet.pts for packet in packets}
    # AVI has no place for the times of reordered frames. FFmpeg knows how to
    # restore them for MPEG-4 Part 2 and not for these:
    is_guessed = 'avi' in formats and codec in ('h264', 'hevc')
    is_ambiguous = None in times or len(times) < len(packets)
    if not packets or is_ambiguous or is_guessed or not is_steady:
        return None
    if not formats & _INDEXED_FORMATS:
        return None
    if has_tiny:
        packets = _hide_empty(file, packets)
    has_fields = _has_fields(file.decoder)
    can_skip = codec in ('h264', 'mpeg4') or is_flat
    return PacketIndex(
        packets,
        file.stream.time_base,
        has_fields=has_fields,
        can_skip=can_skip and not has_fields,
    )


def _has_fields(decoder: av.VideoCodecContext) -> bool:
    """Tell whether a packet may hold one field, half of a frame's lines."""
    order = decoder.field_order
    return order > _PROGRESSIVE or (decoder.name == 'h264' and not order)


def _is_lowest_layer(packet: av.Packet) -> bool:
    """Tell whether an HEVC packet is of the lowest temporal layer.

    Frames that say that no other refers to them speak of their own layer
    only. In mp4 and Matroska four bytes of length precede the header, whose
    second byte ends with the layer's number plus one.
    """
    return packet.size > 5 and memoryview(packet)[5] & 7 == 1


def _check_promise(file: VideoFile, num_packets: int) -> None:
    """Compare with the index of an mp4, the only one to list all."""
    is_listed = 'mp4' in file.formats
    promised = len(file.stream.index_entries) if is_listed else 0
    if num_packets < promised:
        raise BadVideoError(
            file.path,
            f'cut off: the index lists {promised} frames, the file holds '
            f'{num_packets}',
        )


def _hide_empty(file: VideoFile, packets: list[Packet]) -> list[Packet]:
    """Mark packets as hidden that the decoder makes no frame of.

    MPEG-4 Part 2 encoders like XviD drop frames by packets that say "nothing
    coded". What becomes of them depends on the other packets, so the decoder
    has to be asked.
    """
    shown = {frame.pts for frame in file.decode_all()}
    return [
        packet._replace(is_shown=packet.is_shown and packet.pts in shown)
        for packet in packets
    ]

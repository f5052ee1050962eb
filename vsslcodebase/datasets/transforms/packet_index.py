"""Where the frames of a video are: a table made of its packets."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

# Two wanted frames in different GOPs are read in one go when no more frames
# than this lie between the first and the second's key frame: seeking restarts
# the decoder's pipeline, which costs about as much as decoding so many.
_BRIDGED_FRAMES = 4


class Packet(NamedTuple):
    """What is remembered of a packet; times in ticks of the stream."""

    pts: int  # time of presentation
    dts: int | None  # time of decoding
    is_key: bool
    is_shown: bool  # becomes a frame of the video


class Run(NamedTuple):
    """Frames (ascending) to be decoded in one go from a key packet."""

    start: int  # number of the key packet, in file order
    frames: list[int]


class PacketIndex:
    """Frames in the order of presentation, key packets, and how to reach them.

    Args:
        packets: All packets from the first key packet on, in file order.
            Their ``pts`` differ.
        time_base: Seconds in a tick.

    Attributes:
        times: ``pts`` of frame i at place i.
        places: Number of the packet, in file order, of each ``pts``.
    """

    def __init__(self, packets: Sequence[Packet], time_base: Fraction) -> None:
        self.packets = packets
        self.time_base = time_base
        # Frames before the first key frame refer to some that are not there.
        first_time = packets[0].pts
        self.times = sorted(
            packet.pts
            for packet in packets
            if packet.is_shown and packet.pts >= first_time
        )
        self.places = {
            packet.pts: place for place, packet in enumerate(packets)
        }
        # By time of presentation: frames shown before an open GOP's key
        # frame, though stored after it, belong to the GOP before.
        self._key_times = sorted(p.pts for p in packets if p.is_key)

    def mean_rate(self) -> float:
        """Return the frames per second, 0 if there is a single frame."""
        if len(self.times) < 2:
            return 0.0
        seconds = (self.times[-1] - self.times[0]) * self.time_base
        return float((len(self.times) - 1) / seconds)

    def runs(self, indices: Sequence[int]) -> list[Run]:
        """Group frames (ascending, distinct) by the packet to start from."""
        runs: list[Run] = []
        for index in indices:
            key = bisect_right(self._key_times, self.times[index]) - 1
            key_time = self._key_times[key]
            if runs:
                key_index = bisect_left(self.times, key_time)
                if key_index - runs[-1].frames[-1] <= _BRIDGED_FRAMES:
                    runs[-1].frames.append(index)
                    continue
            runs.append(Run(self.places[key_time], [index]))
        return runs

"""Where the frames of a video are: a table made of its packets."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

# Two wanted frames in different GOPs are read in one go when the second's key
# frame comes no more than this after the first. By measurement: restarting the
# decoder costs less than decoding a frame.
_BRIDGED_FRAMES = 1


class Packet(NamedTuple):
    """What is remembered of a packet; times in ticks of the stream."""

    pts: int  # time of presentation
    dts: int | None  # time of decoding
    is_key: bool
    is_shown: bool  # becomes a frame of the video


class Run(NamedTuple):
    """Frames (ascending) to be decoded in one go from a key packet."""

    start: int  # number of the key packet, in file order
    stop: int  # number after that of the last packet that is needed
    frames: list[int]


class PacketIndex:
    """Frames in the order of presentation, key packets, and how to reach them.

    Args:
        packets: All packets from the first key packet on, in file order.
            Their ``pts`` differ.
        time_base: Seconds in a tick.
        has_fields: A frame may need the packet after its own as well, which
            holds every other line.
        can_skip: The decoder may skip the frames to which none refers.

    Attributes:
        times: ``pts`` of frame i at place i.
        places: Number of the packet, in file order, of each ``pts``.
        reorder_depth: The most frames that come before another in the file
            and are shown after it.
    """

    def __init__(
        self,
        packets: Sequence[Packet],
        time_base: Fraction,
        has_fields: bool = False,
        can_skip: bool = False,
    ) -> None:
        self.packets = packets
        self.time_base = time_base
        self.has_fields = has_fields
        self.can_skip = can_skip
        # Frames before the first key frame refer to some that are not there.
        first_time = packets[0].pts
        self.times = sorted(
            [
                pts
                for pts, _, _, is_shown in packets
                if is_shown and pts >= first_time
            ]
        )
        places = {packet.pts: place for place, packet in enumerate(packets)}
        self.places = places
        # The frame for which most others wait is not itself overtaken, so
        # that its place and its rank differ by just those.
        self.reorder_depth = max(
            [places[time] - rank for rank, time in enumerate(sorted(places))]
        )
        # By time of presentation: frames shown before an open GOP's key
        # frame, though stored after it, belong to the GOP before.
        self._key_times = sorted(
            [pts for pts, _, is_key, _ in packets if is_key]
        )

    def mean_rate(self) -> float:
        """Return the frames per second, 0 if there is a single frame."""
        if len(self.times) < 2:
            return 0.0
        seconds = (self.times[-1] - self.times[0]) * self.time_base
        return float((len(self.times) - 1) / seconds)

    def seconds(self) -> np.ndarray:
        """Return (N,) float64 times of the frames since the first one."""
        ticks = np.array(self.times, np.float64) - self.times[0]
        return ticks * self.time_base.numerator / self.time_base.denominator

    def runs(self, indices: Sequence[int]) -> list[Run]:
        """Group frames (ascending, distinct) by the packet to start from."""
        runs: list[Run] = []
        for index in indices:
            time = self.times[index]
            stop = self.places[time] + (2 if self.has_fields else 1)
            key_time = self._key_times[bisect_right(self._key_times, time) - 1]
            if runs:
                last = runs[-1]
                key_index = bisect_left(self.times, key_time)
                if key_index - last.frames[-1] <= _BRIDGED_FRAMES:
                    frames = [*last.frames, index]
                    runs[-1] = Run(last.start, max(last.stop, stop), frames)
                    continue
            runs.append(Run(self.places[key_time], stop, [index]))
        return runs

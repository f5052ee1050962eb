"""The table of packets: order, keys and runs, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from vsslcodebase.datasets.transforms.packet_index import (
    Packet,
    PacketIndex,
    Run,
)


def index(*times, keys, hidden=(), ticks=10):
    """Packets in file order, given by their times of presentation."""
    packets = [
        Packet(pts, None, pts in keys, pts not in hidden) for pts in times
    ]
    return PacketIndex(packets, Fraction(1, ticks))


def test_frames_are_in_the_order_of_presentation():
    """I0 P3 B1 B2 I6 (open GOP) B4 B5 P7."""
    table = index(0, 3, 1, 2, 6, 4, 5, 7, keys={0, 6})
    assert table.times == list(range(8))
    assert table.mean_rate() == pytest.approx(10)


def test_frames_before_an_open_gops_key_frame_start_from_the_one_before():
    table = index(0, 3, 1, 2, 16, 14, 15, 17, keys={0, 16})
    assert table.runs([4, 5]) == [Run(0, [4, 5])]  # times 14 and 15
    assert table.runs([6]) == [Run(4, [6])]  # the key frame, fifth packet


def test_far_frames_are_sought_and_near_ones_read_on_to():
    table = index(*range(200), keys=set(range(0, 200, 20)))
    assert table.runs([3, 19, 21]) == [Run(0, [3, 19, 21])]
    assert table.runs([3, 21]) == [Run(0, [3]), Run(20, [21])]
    assert table.runs([16, 39, 190]) == [Run(0, [16, 39]), Run(180, [190])]


def test_hidden_packets_and_undecodable_leaders_are_no_frames():
    """The stream begins in an open GOP: 1 and 2 lack what they refer to."""
    table = index(3, 1, 2, 6, 4, 5, keys={3}, hidden={4})
    assert table.times == [3, 5, 6]


def test_rate_of_a_single_frame_is_unknown():
    assert index(5, keys={5}).mean_rate() == 0

"""The table of packets: order, keys and runs, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from vsslcodebase.datasets.readers.packet_index import (
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
    assert table.runs([4, 5]) == [Run(0, 7, [4, 5])]  # times 14 and 15
    assert table.runs([6]) == [Run(4, 5, [6])]  # the key frame, fifth packet


def test_runs_stop_after_the_last_packet_that_is_needed():
    table = index(0, 8, 4, 2, 1, 3, 6, 5, 7, keys={0})
    assert table.runs([1]) == [Run(0, 5, [1])]
    assert table.runs([4, 6]) == [Run(0, 7, [4, 6])]
    assert table.runs([3, 8]) == [Run(0, 6, [3, 8])]


def test_fields_of_a_frame_may_come_in_a_later_packet():
    packets = [Packet(time, None, time == 0, True) for time in range(9)]
    table = PacketIndex(packets, Fraction(1, 10), has_fields=True)
    assert table.runs([4]) == [Run(0, 6, [4])]


def test_far_frames_are_sought_and_near_ones_read_on_to():
    table = index(*range(200), keys=set(range(0, 200, 20)))
    assert table.runs([3, 19, 20]) == [Run(0, 21, [3, 19, 20])]
    assert table.runs([3, 21]) == [Run(0, 4, [3]), Run(20, 22, [21])]
    assert table.runs([19, 39, 190]) == [
        Run(0, 40, [19, 39]),
        Run(180, 191, [190]),
    ]


@pytest.mark.parametrize(
    ('times', 'depth'),
    [
        ([0, 1, 2, 3], 0),
        ([0, 3, 1, 2, 6, 4, 5], 1),
        ([0, 4, 2, 1, 3], 2),  # a pyramid of B frames
        ([0, 8, 4, 2, 1, 3, 6, 5, 7], 3),
        ([0, 9, 1, 2, 3, 4, 5, 6, 7, 8], 1),
    ],
)
def test_reorder_depth(times, depth):
    """By hand: the most frames stored before one that is shown earlier."""
    assert index(*times, keys={0}).reorder_depth == depth


def test_hidden_packets_and_undecodable_leaders_are_no_frames():
    """The stream begins in an open GOP: 1 and 2 lack what they refer to."""
    table = index(3, 1, 2, 6, 4, 5, keys={3}, hidden={4})
    assert table.times == [3, 5, 6]


def test_rate_of_a_single_frame_is_unknown():
    assert index(5, keys={5}).mean_rate() == 0

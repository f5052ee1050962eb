"""Frame-exact reading, against decoding each video from its start."""

from __future__ import annotations

import struct
from pathlib import Path
from unittest.mock import MagicMock

import av
import cv2
import decord
import numpy as np
import pytest
from encoded_video import decode_all, encode

from vsslcodebase.datasets.readers import BadVideoError, open_reader, pyav_file

IRREGULAR = np.cumsum([1, 3, 1, 1, 7, 2, 1, 1, 5, 1] * 4).tolist()
OPEN_GOP = {'x264-params': 'open-gop=1:keyint=12:bframes=3'}

# Read alike by both backends
COMMON = {
    'gop12.mp4': dict(gop=12),
    'gop250.mp4': dict(gop=250),
    'b_frames.mp4': dict(b_frames=3),
    'b_frames.mkv': dict(b_frames=3),
    'mpeg4.avi': dict(codec='mpeg4'),
    'vp8.webm': dict(codec='libvpx'),
    'vp9.webm': dict(codec='libvpx-vp9', options={'deadline': 'realtime'}),
    'variable_rate.mp4': dict(times=IRREGULAR),
    'late_start.mp4': dict(times=list(range(150, 190)), b_frames=2),
    'odd_width.webm': dict(codec='libvpx-vp9', size=(48, 61)),
    '444.mp4': dict(pixels='yuv444p', size=(47, 61)),
    'padded_rows.mp4': dict(size=(36, 48), b_frames=2),
    'one_frame.mp4': dict(num_frames=1),
    'one_per_second.mp4': dict(fps=1),
}
# Read exactly by PyAV only: see DecordReader
PYAV_ONLY = {
    'open_gop.mp4': dict(options=OPEN_GOP),
    'b_frames.avi': dict(codec='mpeg4', b_frames=2),
    'h264_b_frames.avi': dict(b_frames=3),  # time stamps out of order
    'program_stream.mpg': dict(codec='mpeg2video', b_frames=2),
    'transport_stream.ts': dict(b_frames=2),
    'raw.h264': dict(b_frames=2),  # no time stamps at all
}


@pytest.fixture(scope='module')
def encoded(tmp_path_factory):
    """Return a function that makes a named video once."""
    folder = tmp_path_factory.mktemp('encoded')

    def get(name):
        path = folder / name
        if not path.exists():
            encode(path, **{**COMMON, **PYAV_ONLY}[name])
        return str(path)

    return get


def check_exact(path, backend):
    reference = decode_all(path)
    with open_reader(path, backend) as reader:
        assert reader.total_frames == len(reference)
        rng = np.random.default_rng(0)
        requests = [range(len(reference))]
        requests += [rng.integers(len(reference), size=9) for _ in range(6)]
        requests += [[index] for index in rng.permutation(len(reference))]
        for request in requests:
            frames = reader.get_frames(request)
            for frame, index in zip(frames, request, strict=True):
                np.testing.assert_array_equal(frame, reference[index])


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('name', COMMON)
def test_any_frames_equal_those_of_sequential_decoding(encoded, name, backend):
    check_exact(encoded(name), backend)


@pytest.mark.parametrize('name', PYAV_ONLY)
def test_pyav_is_exact_where_seeking_is_hard(encoded, name):
    check_exact(encoded(name), 'pyav')


def test_odd_heights_differ_between_backends_in_colour_only(tmp_path):
    path = encode(tmp_path / 'odd.avi', codec='mpeg4', size=(47, 61))
    indices = [30, 2, 17]
    with open_reader(path, 'pyav') as one, open_reader(path, 'decord') as two:
        frames = zip(one.get_frames(indices), two.get_frames(indices))
        for first, second in frames:
            grey = [
                cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in (first, second)
            ]
            difference = np.abs(np.subtract(*grey, dtype=np.int16))
            # Consecutive frames of the pattern differ by some 30.
            assert difference.mean() < 1


def test_frame_rate_is_that_of_the_frames_and_not_of_the_header(encoded):
    with open_reader(encoded('gop12.mp4'), 'pyav') as reader:
        assert reader.avg_fps == pytest.approx(30)
    with open_reader(encoded('one_per_second.mp4'), 'decord') as reader:
        assert reader.avg_fps == pytest.approx(1)
    with open_reader(encoded('variable_rate.mp4'), 'pyav') as reader:
        seconds = (IRREGULAR[-1] - IRREGULAR[0]) / 30
        assert reader.avg_fps == pytest.approx(39 / seconds)


def test_repeated_and_unordered_indices_share_read_only_frames(encoded):
    with open_reader(encoded('gop12.mp4'), 'pyav') as reader:
        frames = reader.get_frames([7, 3, 7])
    assert frames[0] is frames[2]
    assert not np.array_equal(frames[0], frames[1])
    with pytest.raises(cv2.error, match='readonly'):
        cv2.flip(frames[0], 1, frames[0])


def test_each_distinct_frame_is_converted_once(encoded, monkeypatch):
    with open_reader(encoded('gop250.mp4'), 'pyav') as reader:
        converted = []
        original = reader._converter.to_rgb
        monkeypatch.setattr(
            reader._converter,
            'to_rgb',
            lambda frame: converted.append(frame.pts) or original(frame),
        )
        reader.get_frames([5, 9, 5, 12, 9, 9])
    assert len(converted) == 3


@pytest.mark.parametrize('kept_bytes', [0, 10**6])
def test_only_what_wanted_frames_need_is_decoded(
    tmp_path, monkeypatch, kept_bytes
):
    monkeypatch.setattr(pyav_file, '_KEPT_BYTES', kept_bytes)
    options = {'x264-params': 'b-adapt=0:b-pyramid=none:scenecut=0'}
    path = encode(
        tmp_path / 'long.mp4', num_frames=97, b_frames=2, options=options
    )
    with open_reader(path, 'pyav') as reader:
        read, decoded = [], []
        file = reader._file
        read_run, decode_run = file._read_run, file.decode_run

        def reading(*args):
            for packet in read_run(*args):
                read.append(packet.pts)
                yield packet

        def decoding(*args):
            for frame in decode_run(*args):
                decoded.append(reader._index.times.index(frame.pts))
                yield frame

        file._read_run, file.decode_run = reading, decoding
        reader.get_frames([14, 80])
    # In GOPs of I P B B P B B ..., from 12 and from 72 on
    assert sorted(read) == [
        reader._index.times[i] for i in [12, *range(13, 16), *range(72, 82)]
    ]
    assert decoded == [12, 14, 15, 72, 75, 78, 80, 81]


def test_index_out_of_range_is_an_error_and_not_another_frame(encoded):
    with open_reader(encoded('gop12.mp4'), 'pyav') as reader:
        assert reader.get_frames([]) == []
        for index in (-1, 40):
            with pytest.raises(IndexError, match='frames 0 to 39'):
                reader.get_frames([0, index])


def test_closing_twice_and_reading_after_an_error_are_safe(encoded):
    for backend in ('pyav', 'decord'):
        reader = open_reader(encoded('gop12.mp4'), backend)
        reader.close()
        reader.close()
    with pytest.raises(ValueError, match="'pyav' or 'decord', got 'cv2'"):
        open_reader(encoded('gop12.mp4'), 'cv2')


def test_decord_finding_no_frames_is_a_bad_video(encoded, monkeypatch):
    """As in files whose index is damaged, which it opens nevertheless."""
    opened = MagicMock(**{'__len__.return_value': 0})
    opened.get_avg_fps.return_value = 30.0
    monkeypatch.setattr(decord, 'VideoReader', lambda *_, **__: opened)
    with pytest.raises(BadVideoError, match='the video stream has no frames'):
        open_reader(encoded('gop12.mp4'), 'decord')


def rotated(path, target, degrees):
    """Write the display matrix of a clockwise rotation into an mp4."""
    cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    data = bytearray(Path(path).read_bytes())
    start = data.index(b'tkhd') + 4 + 4 + 5 * 4 + 8 + 8
    values = (cosine, sine, 0, -sine, cosine, 0, 0, 0)
    fixed = [value << 16 for value in values]
    data[start : start + 36] = struct.pack('>9i', *fixed, 1 << 30)
    target.write_bytes(data)
    return str(target)


@pytest.mark.parametrize('degrees', [90, 180, 270])
def test_rotation_metadata_is_applied(encoded, tmp_path, degrees):
    path = rotated(encoded('gop12.mp4'), tmp_path / 'turned.mp4', degrees)
    upright = decode_all(encoded('gop12.mp4'))[5]
    with open_reader(path, 'pyav') as reader:
        frame = reader.get_frames([5])[0]
    np.testing.assert_array_equal(frame, np.rot90(upright, -degrees // 90))


def test_packets_without_a_coded_frame_are_not_counted(tmp_path):
    """XviD drops frames by packets that say "nothing coded"."""
    source = encode(tmp_path / 'whole.avi', codec='mpeg4', num_frames=30)
    path = str(tmp_path / 'dropped.avi')
    with av.open(source) as old, av.open(path, 'w') as new:
        stream = old.streams.video[0]
        copy = new.add_stream_from_template(stream)
        for index, packet in enumerate(old.demux(stream)):
            if packet.size and index in (9, 10, 25):
                dropped = av.Packet(empty_vop(index))
                dropped.pts, dropped.dts = packet.pts, packet.dts
                dropped.time_base = packet.time_base
                packet = dropped
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    assert len(decode_all(path)) == 27
    check_exact(path, 'pyav')


def empty_vop(ticks):
    """Return an MPEG-4 P-VOP with vop_coded = 0, at 30 ticks a second."""
    start_code, p_type, no_modulo, marker = f'{0x1B6:032b}', '01', '0', '1'
    bits = start_code + p_type + no_modulo + marker
    bits += f'{ticks:05b}' + marker + '0'  # not coded
    bits += '0' + '1' * ((-len(bits) - 1) % 8)  # stuffing
    return int(bits, 2).to_bytes(len(bits) // 8, 'big')


def test_invisible_vp8_packets_are_not_counted(tmp_path):
    """VP8 keeps reference frames that are not shown in packets."""
    source = encode(tmp_path / 'whole.webm', codec='libvpx', num_frames=20)
    path = str(tmp_path / 'hidden.webm')
    with av.open(source) as old, av.open(path, 'w') as new:
        stream = old.streams.video[0]
        copy = new.add_stream_from_template(stream)
        for index, packet in enumerate(old.demux(stream)):
            if packet.size and index in (4, 11):
                data = bytearray(bytes(packet))
                data[0] &= ~0x10  # show_frame
                hidden = av.Packet(bytes(data))
                hidden.pts, hidden.dts = packet.pts, packet.dts
                hidden.time_base = packet.time_base
                packet = hidden
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    assert len(decode_all(path)) == 18
    check_exact(path, 'pyav')


def test_frames_of_different_size_are_a_bad_video(encoded):
    """As in streams that change their resolution."""
    with open_reader(encoded('gop12.mp4'), 'pyav') as reader:
        reader._decode = lambda indices: [
            (index, np.zeros((8, 8 + index, 3), np.uint8)) for index in indices
        ]
        with pytest.raises(BadVideoError, match=r'from \(8, 8\) to \(8, 9\)'):
            reader.get_frames([0, 1])

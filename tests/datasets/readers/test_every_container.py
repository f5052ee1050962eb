"""Frames and planes of every kind of file, against decoding all of it."""

from __future__ import annotations

import re
from pathlib import Path

import av
import numpy as np
import pytest
from encoded_video import encode

from vsslcodebase.datasets.readers import BadVideoError, open_reader, pyav_file

IRREGULAR = np.cumsum([1, 3, 1, 1, 7, 2, 1, 1, 5, 1] * 3).tolist()


def x264(parameters, **others):
    return dict(options={'x264-params': parameters}, **others)


def x265(parameters='', **others):
    quiet = f'log-level=none:pools=none:frame-threads=1:{parameters}'
    options = {'x265-params': quiet, 'preset': 'ultrafast'}
    return dict(codec='libx265', options=options, **others)


PYRAMID = 'b-pyramid=normal:bframes=7:b-adapt=0:ref=4'
ALT_REF = {'auto-alt-ref': '1', 'lag-in-frames': '16', 'cpu-used': '8'}
KINDS = {
    'h264.mp4': dict(b_frames=3),
    'h264.mkv': dict(b_frames=3),
    'h264.mov': dict(b_frames=2),
    'pyramid.mp4': x264(PYRAMID, gop=20),
    'pyramid.mkv': x264(PYRAMID, gop=20),
    'open_gop.mp4': x264('open-gop=1:keyint=12:bframes=3'),
    'open_pyramid.mkv': x264('open-gop=1:keyint=16:' + PYRAMID),
    'intra_refresh.mp4': x264('intra-refresh=1:bframes=0'),
    'interlaced.mp4': x264('interlaced=1:bframes=2', size=(64, 64)),
    'all_intra.mp4': dict(gop=1),
    'grey.mp4': dict(pixels='gray'),
    '422.mp4': dict(pixels='yuv422p', b_frames=2),
    '444_odd.mkv': dict(pixels='yuv444p', size=(47, 61), b_frames=2),
    '422_10bit.mp4': dict(pixels='yuv422p10le', b_frames=2),
    'hevc.mp4': x265('bframes=4:b-adapt=0:open-gop=0'),
    'hevc_open_gop.mkv': x265('bframes=3:open-gop=1:keyint=12'),
    'hevc_10bit.mp4': x265('bframes=3', pixels='yuv420p10le'),
    'hevc_layers.mp4': x265('bframes=4:b-adapt=0:temporal-layers=3'),
    'mpeg4.mp4': dict(codec='mpeg4', b_frames=2),
    'mpeg4_odd.avi': dict(codec='mpeg4', size=(47, 61), b_frames=2),
    'mpeg4.mkv': dict(codec='mpeg4', b_frames=3),
    'mpeg2.mkv': dict(codec='mpeg2video', b_frames=2),
    'mjpeg.avi': dict(codec='mjpeg', pixels='yuvj420p'),
    'mjpeg.mp4': dict(codec='mjpeg', pixels='yuvj422p', size=(47, 61)),
    'vp8.webm': dict(codec='libvpx'),
    'vp9.webm': dict(codec='libvpx-vp9', options=ALT_REF),
    'vp9_odd.mkv': dict(codec='libvpx-vp9', size=(47, 61), options=ALT_REF),
    'png.avi': dict(codec='png', pixels='rgb24', num_frames=9),
    'variable_rate.mkv': dict(times=IRREGULAR, b_frames=2),
    'late_start.mkv': dict(times=list(range(150, 180)), b_frames=2),
    'late_start.mp4': dict(times=list(range(150, 180)), b_frames=2),
    'stream.ts': dict(b_frames=2),
    'raw.h264': dict(b_frames=2),
}


def reduced(frame):
    """Return a frame of planes with 8 bits."""
    deep = re.fullmatch(r'(yuv4\d\dp)\d+le', frame.format.name)
    return frame.reformat(format=deep[1]) if deep else frame


def planes_of(frame):
    """Return what a picture of a frame holds, copied row by row."""
    if not re.fullmatch(r'yuvj?4\d\dp', frame.format.name):
        return [frame.to_ndarray(format='rgb24')]
    planes = []
    for plane in frame.planes:
        data, step = bytes(plane), plane.line_size
        rows = [
            np.frombuffer(data[row * step : row * step + plane.width], 'u1')
            for row in range(plane.height)
        ]
        planes.append(np.stack(rows))
    return planes


def decode_all(path):
    """Decode a whole video from its start: RGB images and planes."""
    with av.open(path) as container:
        return [
            (frame.to_ndarray(format='rgb24'), planes_of(frame))
            for frame in map(reduced, container.decode(video=0))
        ]


def check_exact(path, num_requests=20):
    reference = decode_all(path)
    rng = np.random.default_rng(0)
    count = len(reference)
    with open_reader(path, 'pyav') as reader:
        assert reader.total_frames == count
        for place in range(num_requests):
            size = rng.integers(1, 12)
            request = rng.integers(count, size=size)
            if place % 3 == 0:  # a clip
                start, step = rng.integers(count), rng.integers(1, 4)
                request = np.arange(start, min(start + size * step, count))
                request = request[::step]
            frames = reader.get_frames(request)
            for frame, index in zip(frames, request, strict=True):
                np.testing.assert_array_equal(frame, reference[index][0])
            visited = []
            for index, picture in reader.visit(request):
                visited.append(index)
                for ours, plain in zip(
                    picture.planes, reference[index][1], strict=True
                ):
                    np.testing.assert_array_equal(ours, plain)
            assert sorted(visited) == sorted(set(request.tolist()))


@pytest.mark.parametrize('kept_bytes', [0, 10**7])
@pytest.mark.parametrize('name', KINDS)
def test_frames_and_planes_are_those_of_decoding_all(
    tmp_path_factory, monkeypatch, name, kept_bytes
):
    """With packets kept in memory, and with seeking."""
    monkeypatch.setattr(pyav_file, '_KEPT_BYTES', kept_bytes)
    folder = tmp_path_factory.getbasetemp() / 'every_container'
    folder.mkdir(exist_ok=True)
    path = folder / name
    if not path.exists():
        encode(path, **{'num_frames': 30, **KINDS[name]})
    check_exact(str(path), 6 if name in ('stream.ts', 'raw.h264') else 12)


@pytest.mark.parametrize(
    ('name', 'misnamed'),
    [
        ('h264.mkv', 'matroska.mp4'),
        ('vp9.webm', 'webm.mp4'),
        ('pyramid.mp4', 'mp4.webm'),
        ('mpeg4_odd.avi', 'avi.mp4'),
    ],
)
def test_the_ending_of_the_name_may_lie(tmp_path, name, misnamed):
    path = tmp_path / name
    encode(path, **{'num_frames': 30, **KINDS[name]})
    check_exact(str(path.rename(tmp_path / misnamed)))


@pytest.mark.parametrize('name', ['pyramid.mp4', 'vp9.webm'])
def test_sound_is_passed_over(tmp_path, name):
    source = tmp_path / f'silent_{name}'
    encode(source, **{'num_frames': 30, **KINDS[name]})
    path = str(tmp_path / name)
    with av.open(str(source)) as old, av.open(path, 'w') as new:
        sound = new.add_stream('aac' if 'mp4' in name else 'libopus', 48000)
        sound.layout = 'mono'
        copy = new.add_stream_from_template(old.streams.video[0])
        tone = np.sin(np.arange(48000) / 9, dtype=np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, 'fltp', 'mono')
        frame.sample_rate = 48000
        packets = [p for p in old.demux(video=0) if p.size]
        for packet in packets:
            packet.stream = copy
        new.mux([*packets[:20], *encoded_sound(sound, frame), *packets[20:]])
    with av.open(path) as container:
        assert len(container.streams) == 2
    check_exact(path)


def encoded_sound(stream, frame):
    resampler = av.AudioResampler(
        stream.format.name, 'mono', 48000, stream.frame_size or 960
    )
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        yield from stream.encode(part)
    yield from stream.encode()


def test_frame_counts_of_headers_are_not_believed(tmp_path):
    path = tmp_path / 'lies.avi'
    encode(path, codec='mpeg4', num_frames=30)
    data = bytearray(path.read_bytes())
    data[48:52] = (1000).to_bytes(4, 'little')  # avih: dwTotalFrames
    start = data.index(b'strh') + 8 + 32
    data[start : start + 4] = (1000).to_bytes(4, 'little')  # dwLength
    path.write_bytes(data)
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 1000
    check_exact(str(path))


def test_a_live_recording_without_count_or_duration(tmp_path):
    """As browsers write them: clusters of unknown size, no index."""
    path = str(tmp_path / 'live.webm')
    source = encode(tmp_path / 'plain.webm', codec='libvpx', num_frames=30)
    with (
        av.open(source) as old,
        av.open(path, 'w', options={'live': '1'}) as new,
    ):
        copy = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    with av.open(path) as container:
        assert not container.streams.video[0].frames
        assert container.duration is None
    check_exact(path)


@pytest.mark.parametrize('degrees', [90, 180, 270])
@pytest.mark.parametrize(
    ('size', 'num_planes'), [((48, 64), 3), ((47, 61), 1)]
)
def test_rotation_turns_planes_upright(tmp_path, degrees, size, num_planes):
    """Planes, but RGB where the chroma of an odd row would come first."""
    path = str(tmp_path / 'turned.mp4')
    plain = encode(tmp_path / 'plain.mp4', codec='mpeg4', size=size)
    with av.open(plain) as old, av.open(path, 'w') as new:
        copy = new.add_stream_from_template(old.streams.video[0])
        copy.set_display_rotation(degrees)
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    image, planes = decode_all(plain)[17]
    with open_reader(path, 'pyav') as reader:
        [frame] = reader.get_frames([17])
        [(_, picture)] = reader.visit([17])
        turned = np.rot90(image, degrees // 90)
        np.testing.assert_array_equal(frame, turned)
        assert picture.size == turned.shape[:2]
        assert len(picture.planes) == num_planes
        for ours, flat in zip(
            picture.planes, planes if num_planes == 3 else [image]
        ):
            np.testing.assert_array_equal(ours, np.rot90(flat, degrees // 90))


@pytest.mark.parametrize('codec', ['libx264', 'mpeg4'])
def test_what_depends_on_a_lost_frame_is_refused(tmp_path, codec):
    """Of each file, each frame alone: refused, or as in the whole file."""
    path = tmp_path / 'damaged.mp4'
    encode(path, codec=codec, b_frames=2, num_frames=24, gop=8)
    reference = decode_all(str(path))
    original = path.read_bytes()
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        lost = [(p.pos, p.size, p.is_keyframe) for p in packets]
    for start, size, is_key in lost[8:16]:
        data = bytearray(original)
        data[start : start + size] = bytes(size)
        path.write_bytes(data)
        refused = 0
        with open_reader(str(path), 'pyav') as reader:
            for index in range(24):
                try:
                    [(_, picture)] = reader.visit([index])
                except BadVideoError:
                    refused += 1
                    with pytest.raises(BadVideoError):
                        reader.get_frames([index])
                    continue
                for ours, plain in zip(picture.planes, reference[index][1]):
                    np.testing.assert_array_equal(ours, plain)
        assert (8 if is_key else 1) <= refused <= 8


def test_visits_may_end_early_and_start_again(tmp_path):
    path = encode(tmp_path / 'plain.mp4', b_frames=2)
    reference = decode_all(path)
    with open_reader(path, 'pyav') as reader:
        for start in (0, 20, 3):
            for index, picture in reader.visit(range(start, start + 15)):
                np.testing.assert_array_equal(
                    picture.planes[0], reference[index][1][0]
                )
                if index == start + 5:
                    break


def test_planes_are_views_of_the_decoders_memory(tmp_path):
    path = encode(tmp_path / 'plain.mp4', size=(48, 60))
    with open_reader(path, 'pyav') as reader:
        for _, picture in reader.visit([3, 4]):
            for plane in picture.planes:
                assert not plane.flags.owndata
                assert not plane.flags.writeable
                assert plane.strides[0] > plane.shape[1]  # padded rows
    assert Path(path).exists()

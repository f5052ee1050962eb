"""Re-encoded videos against plain decodes of their sources."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from encoded_video import decode_all, encode, moving_pattern

from vsslcodebase.datasets.preparation.reencoding import (
    EncodeSettings,
    reencode_video,
)
from vsslcodebase.datasets.readers import open_reader

IRREGULAR = np.cumsum([1, 3, 1, 1, 7, 2, 1, 1, 5, 1] * 2).tolist()
FINE = EncodeSettings(crf=8)

SOURCES = {
    'b_frames.mp4': dict(b_frames=3),
    'open_gop.mp4': dict(options={'x264-params': 'open-gop=1:bframes=3'}),
    'variable_rate.mp4': dict(times=IRREGULAR, b_frames=2),
    'late_start.mp4': dict(times=list(range(150, 170)), b_frames=2),
    'ten_bit.mp4': dict(codec='libx265', pixels='yuv420p10le'),
    '422.mp4': dict(pixels='yuv422p'),
    '444_odd.mp4': dict(pixels='yuv444p', size=(47, 61)),
    'full_range.avi': dict(codec='mjpeg', pixels='yuvj420p'),
    'rgb.mkv': dict(codec='ffv1', pixels='bgr0'),
    'grey.mkv': dict(codec='ffv1', pixels='gray'),
    'mpeg4.avi': dict(codec='mpeg4', b_frames=2),
    'h264.avi': dict(b_frames=3),
    'vp9.webm': dict(codec='libvpx-vp9', options={'deadline': 'realtime'}),
    'stream.mpg': dict(codec='mpeg2video', b_frames=2),
    'stream.ts': dict(b_frames=2),
    'raw.h264': dict(b_frames=2),
    'one_frame.mp4': dict(num_frames=1),
}


@pytest.fixture
def make(tmp_path):
    """Return a function that encodes a source and re-encodes it."""

    def make(name, settings=FINE, **kwargs):
        source = encode(tmp_path / name, **{'num_frames': 20, **kwargs})
        target = str(tmp_path / 'new' / 'video.mp4')
        return reencode_video(source, target, settings)

    return make


def psnr(first, second):
    error = np.mean((first.astype(np.float64) - second) ** 2)
    return 10 * np.log10(255**2 / max(error, 1e-9))


def resized(image, like):
    height, width = like.shape[:2]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def times(path):
    """Return the seconds of all frames after the first one, as fractions."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        packets = [p for p in container.demux(stream) if p.size]
        ticks = sorted(p.pts for p in packets)
    return [(tick - ticks[0]) * stream.time_base for tick in ticks]


@pytest.mark.parametrize('name', SOURCES)
def test_each_frame_shows_the_same_frame_of_the_source(make, name):
    made = make(name, **SOURCES[name])
    sources = decode_all(made.source)
    with (
        open_reader(made.source, 'pyav') as old,
        open_reader(made.target, 'pyav') as new,
    ):
        assert new.total_frames == old.total_frames == made.frames
        frames = new.get_frames(range(made.frames))
    assert len(sources) == made.frames
    for index, frame in enumerate(frames):
        assert frame.shape == (*made.size, 3)
        nearness = [psnr(resized(s, frame), frame) for s in sources]
        assert np.argmax(nearness) == index
        assert nearness[index] > 30


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_frames_are_scaled_well(make, backend):
    """Near to an average over areas, and in the same place."""
    settings = EncodeSettings(short_side=48, crf=4)
    made = make('large.mp4', settings, size=(96, 160), options={'crf': '4'})
    assert made.size == (48, 80)
    with open_reader(made.target, backend) as reader:
        frames = reader.get_frames(range(20))
    for source, frame in zip(decode_all(made.source), frames, strict=True):
        # Grey, because half of the colour is not stored.
        new = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        old = resized(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), new)
        inner = np.s_[2:-2, 2:-2]
        distance = psnr(old[inner], new[inner])
        assert distance > 34
        for step, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
            shifted = np.roll(new, step, axis)
            assert psnr(old[inner], shifted[inner]) < distance - 6


@pytest.mark.parametrize(
    'name', ['variable_rate.mp4', 'late_start.mp4', 'vp9.webm', 'mpeg4.avi']
)
def test_times_are_kept_from_the_first_frame_on(make, name):
    made = make(name, **SOURCES[name])
    assert times(made.target) == times(made.source)
    assert times(made.target)[-1] > 0


def test_variable_times_are_those_that_went_in(make):
    made = make('variable.mp4', times=IRREGULAR)
    expected = [Fraction(t - IRREGULAR[0], 30) for t in IRREGULAR]
    assert times(made.target) == expected


@pytest.mark.parametrize('name', ['raw.h264', 'h264.avi'])
def test_frames_without_times_are_spread_evenly(make, name):
    made = make(name, b_frames=2)
    steps = np.diff(times(made.target))
    assert len(steps) == 19
    assert len(set(steps)) == 1
    if name == 'h264.avi':  # which has a rate
        assert steps[0] == Fraction(1, 30)


def test_a_clock_that_leaps_is_not_followed(make):
    """By six hours, as where a transport stream was cut."""
    late = [*range(10), *range(20000, 20010)]
    made = make('cut.ts', fps=1, times=late)
    steps = np.diff(times(made.target))
    assert len(steps) == 19
    assert steps.max() < 3600
    assert steps.min() > 0


@pytest.mark.parametrize(
    ('size', 'short_side', 'expected'),
    [
        ((256, 340), 128, (128, 170)),
        ((340, 256), 128, (170, 128)),
        ((720, 1280), 128, (128, 228)),
        ((240, 427), 240, (240, 426)),  # never enlarged, even
        ((101, 77), 128, (100, 76)),
        ((128, 128), 128, (128, 128)),
        ((256, 257), 128, (128, 128)),
        ((17, 4000), 16, (16, 3764)),
    ],
)
def test_size(size, short_side, expected):
    settings = EncodeSettings(short_side=short_side)
    assert settings.size_of(*size) == expected


def turned(path, degrees):
    """Write the display matrix of a clockwise rotation into an mp4."""
    cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    data = bytearray(Path(path).read_bytes())
    start = data.index(b'tkhd') + 44
    matrix = [v << 16 for v in (cosine, sine, 0, -sine, cosine, 0, 0, 0)]
    data[start : start + 36] = struct.pack('>9i', *matrix, 1 << 30)
    Path(path).write_bytes(data)


@pytest.mark.parametrize('degrees', [90, 180, 270])
def test_rotation_is_applied_and_not_left_to_do(tmp_path, degrees):
    source = encode(tmp_path / 'a.mp4', num_frames=3, size=(48, 80))
    upright = [np.rot90(f, -degrees // 90) for f in decode_all(source)]
    turned(source, degrees)
    settings = EncodeSettings(short_side=32, crf=4)
    made = reencode_video(source, str(tmp_path / 'b.mp4'), settings)
    assert made.size == ((32, 54) if degrees == 180 else (54, 32))
    # A plain decode, which knows nothing of rotation
    frames = decode_all(made.target)
    for frame, expected in zip(frames, upright, strict=True):
        assert psnr(frame, resized(expected, frame)) > 27
    with av.open(made.target) as container:
        assert next(container.decode(video=0)).rotation == 0


def tinted(path, matrix, full_range, tags):
    """Write a video whose quarters are coloured, by the definition of YUV."""
    corners = np.array(
        [[[200, 40, 40], [40, 180, 60]], [[50, 60, 210], [128, 128, 128]]],
        np.float64,
    )
    red, blue = matrix
    luma = corners @ [red, 1 - red - blue, blue]
    chroma = [
        (corners[..., 2] - luma) / (2 - 2 * blue),
        (corners[..., 0] - luma) / (2 - 2 * red),
    ]
    if full_range:
        planes = [luma, chroma[0] + 128, chroma[1] + 128]
    else:
        planes = [16 + luma * 219 / 255] + [
            128 + c * 224 / 255 for c in chroma
        ]
    flat = [
        np.kron(np.round(p).astype(np.uint8), np.ones((size, size), np.uint8))
        for p, size in zip(planes, (32, 16, 16))
    ]
    yuv = np.concatenate([p.ravel() for p in flat]).reshape(96, 64)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', options={'crf': '1'})
        stream.width = stream.height = 64
        context = stream.codec_context
        for name, value in tags.items():
            setattr(context, name, value)
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(yuv, 'yuv420p')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path), corners


BT601, BT709 = (0.299, 0.114), (0.2126, 0.0722)
LIMITED, FULL = 1, 2


@pytest.mark.parametrize(
    ('matrix', 'tags'),
    [
        (BT601, {}),
        (BT601, dict(colorspace=6, color_range=LIMITED)),
        (BT709, dict(colorspace=1, color_range=LIMITED)),
        (BT709, dict(colorspace=1, color_range=FULL)),
        (BT601, dict(colorspace=5, color_range=FULL)),
    ],
)
def test_colours_do_not_shift(tmp_path, matrix, tags):
    full_range = tags.get('color_range') == FULL
    tags = {**tags, 'color_primaries': 1, 'color_trc': 1} if tags else {}
    source, corners = tinted(tmp_path / 'a.mp4', matrix, full_range, tags)
    settings = EncodeSettings(short_side=32, crf=1)
    made = reencode_video(source, str(tmp_path / 'b.mp4'), settings)
    for path in (source, made.target):
        with open_reader(path, 'pyav') as reader:
            frame = reader.get_frames([1])[0]
        quarter = frame.shape[0] // 4
        seen = frame[quarter :: 2 * quarter, quarter :: 2 * quarter]
        assert np.abs(seen - corners).max() <= 3
    with av.open(made.target) as container:
        frame = next(container.decode(video=0))
        assert frame.colorspace == tags.get('colorspace', 2)
        assert frame.color_primaries == frame.color_trc == (1 if tags else 2)
        assert frame.color_range != FULL
        assert frame.format.name == 'yuv420p'


def test_oblong_pixels_stay_as_they_are(tmp_path):
    """Readers of frames do not stretch them; players do, by the tag."""
    source = str(tmp_path / 'a.mp4')
    with av.open(source, 'w') as container:
        stream = container.add_stream('libx264')
        stream.width, stream.height = 64, 48
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)
        frame = moving_pattern(0, 48, 64)
        for _ in range(2):
            new = av.VideoFrame.from_ndarray(frame, 'rgb24')
            container.mux(stream.encode(new))
        container.mux(stream.encode())
    settings = EncodeSettings(short_side=24)
    made = reencode_video(source, str(tmp_path / 'b.mp4'), settings)
    assert made.size == (24, 32)
    turned(source, 90)
    sideways = reencode_video(source, str(tmp_path / 'c.mp4'), settings)
    assert sideways.size == (32, 24)
    ratios = []
    for path in (made.target, sideways.target):
        with av.open(path) as container:
            ratios.append(container.streams.video[0].sample_aspect_ratio)
    assert ratios == [Fraction(16, 11), Fraction(11, 16)]

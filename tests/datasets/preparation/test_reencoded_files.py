"""Re-encoded videos as files; sources and settings that are refused."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import av
import numpy as np
import pytest
from encoded_video import decode_all, encode, moving_pattern

from vsslcodebase.datasets.preparation.reencoding import (
    EncodeSettings,
    reencode_video,
)
from vsslcodebase.datasets.readers import BadVideoError

FINE = EncodeSettings(crf=8)


@pytest.fixture
def make(tmp_path):
    """Return a function that encodes a source and re-encodes it."""

    def make(name, settings=FINE, **kwargs):
        source = encode(tmp_path / name, **{'num_frames': 20, **kwargs})
        target = str(tmp_path / 'new' / 'video.mp4')
        return reencode_video(source, target, settings)

    return make


def test_files_are_made_for_fast_reading(make):
    made = make('a.mp4', num_frames=60, gop=250)
    data = Path(made.target).read_bytes()
    assert data.index(b'moov') < data.index(b'mdat')
    # Settings as x264 writes them into the stream
    for setting in (b'cabac=0', b'deblock=0', b'open_gop=0', b'keyint=12 '):
        assert setting in data
    with av.open(made.target) as container:
        assert len(container.streams) == 1
        packets = [p for p in container.demux(video=0) if p.size]
    keys = [number for number, p in enumerate(packets) if p.is_keyframe]
    assert len(packets) == 60
    assert np.diff([*keys, 60]).max() <= 12
    for key in keys:  # closed: nothing after it is shown before it
        assert min(p.pts for p in packets[key:]) == packets[key].pts


def test_frame_types_of_the_source_are_not_obeyed(make):
    """Every frame of an mjpeg is a key frame."""
    made = make('a.avi', codec='mjpeg', pixels='yuvj420p')
    with av.open(made.target) as container:
        keys = [p.is_keyframe for p in container.demux(video=0) if p.size]
    assert sum(keys) < 5


def test_sound_is_dropped(tmp_path):
    source = str(tmp_path / 'a.mp4')
    with av.open(source, 'w') as container:
        audio = container.add_stream('aac', rate=16000)
        video = container.add_stream('libx264', rate=10)
        video.width = video.height = 32
        for index in range(5):
            image = moving_pattern(index, 32, 32)
            frame = av.VideoFrame.from_ndarray(image, 'rgb24')
            container.mux(video.encode(frame))
        container.mux(video.encode())
        tone = np.zeros((1, 1024), np.float32)
        sound = av.AudioFrame.from_ndarray(tone, 'fltp', 'mono')
        sound.sample_rate = 16000
        container.mux(audio.encode(sound))
        container.mux(audio.encode())
    made = reencode_video(source, str(tmp_path / 'b.mp4'), FINE)
    assert made.frames == 5
    with av.open(made.target) as container:
        assert [s.type for s in container.streams] == ['video']


def test_report_describes_the_files(make):
    made = make('a.webm', codec='libvpx-vp9')
    data = Path(made.target).read_bytes()
    assert made.sha256 == hashlib.sha256(data).hexdigest()
    assert made.target_bytes == len(data)
    assert made.source_bytes == os.path.getsize(made.source)
    assert os.listdir(Path(made.target).parent) == ['video.mp4']


@pytest.mark.parametrize('size', [(128, 170), (120, 176)])
def test_encoding_is_repeatable(make, size):
    """Whatever was in the memory that libx264 is given."""
    rng = np.random.default_rng(0)
    hashes = set()
    for _ in range(4):
        junk = [rng.bytes(rng.integers(10_000, 200_000)) for _ in range(60)]
        del junk
        hashes.add(make('a.mp4', EncodeSettings(), size=size).sha256)
    assert len(hashes) == 1


class TestBadSources:
    def check(self, source, reason):
        target = Path(source).parent / 'new' / 'b.mp4'
        with pytest.raises(BadVideoError, match=reason):
            reencode_video(str(source), str(target), FINE)
        assert not any(target.parent.iterdir())

    def test_no_video(self, tmp_path):
        path = tmp_path / 'a.mp4'
        path.write_text('no video')
        self.check(path, 'Invalid data')

    def test_missing(self, tmp_path):
        self.check(tmp_path / 'a.mp4', 'does not exist')

    def test_cut_off(self, tmp_path):
        path = Path(encode(tmp_path / 'a.mp4', options={'crf': '4'}))
        data = path.read_bytes()
        # The index behind the frames is kept, and half of the frames.
        place = data.index(b'moov') - 4
        assert data.index(b'mdat') < place
        broken = bytearray(data)
        broken[place // 3 : place] = bytes(place - place // 3)
        path.write_bytes(broken)
        self.check(path, r'frame|damaged|Invalid')

    def test_changing_size(self, tmp_path):
        parts = [tmp_path / 'one.h264', tmp_path / 'two.h264']
        encode(parts[0], num_frames=5)
        encode(parts[1], num_frames=5, size=(64, 96))
        path = tmp_path / 'both.h264'
        path.write_bytes(b''.join(p.read_bytes() for p in parts))
        self.check(path, r'size changes .* from \(48, 64\) to \(64, 96\) at')


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path):
    source = encode(tmp_path / 'a.mp4')
    target = tmp_path / 'b.mp4'
    target.write_bytes(b'old')
    bad = tmp_path / 'bad.mp4'
    bad.write_bytes(Path(source).read_bytes()[:500])
    with pytest.raises(BadVideoError):
        reencode_video(str(bad), str(target), FINE)
    assert target.read_bytes() == b'old'
    reencode_video(source, str(target), FINE)
    assert len(decode_all(target)) == 40


def test_a_full_disk_is_no_fault_of_the_video(tmp_path):
    """A limit on the size of files stands for the disk."""
    resource = pytest.importorskip('resource')  # of Unix
    source = encode(tmp_path / 'a.mp4', options={'crf': '10'})
    target = tmp_path / 'new' / 'b.mp4'
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(OSError, match='File too large') as caught:
            reencode_video(source, str(target), FINE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert not any(target.parent.iterdir())


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        (dict(short_side=127), 'short_side must be an even .* got 127'),
        (dict(short_side=8), 'from 16 up, got 8'),
        (dict(gop=0), 'gop must be 1 or more frames, got 0'),
        (dict(crf=52), r'crf must be in \[0, 51\], got 52'),
        (dict(preset='quick'), "preset must be one of .*, got 'quick'"),
    ],
)
def test_wrong_settings_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        EncodeSettings(**values)

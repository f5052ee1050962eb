"""Files that are no readable video give one kind of error, and never hang."""

from __future__ import annotations

import pickle
import resource
import warnings
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from encoded_video import decode_all, encode

from vsslcodebase.datasets.isolation import run_isolated
from vsslcodebase.datasets.readers import BadVideoError, open_reader

BACKENDS = ['pyav', 'decord']


@pytest.fixture(scope='module')
def intact(tmp_path_factory):
    return encode(tmp_path_factory.mktemp('intact') / 'intact.mp4')


def audio_only(path):
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))


def index_without_frames(path):
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=30)
        stream.width, stream.height, stream.pix_fmt = 32, 32, 'yuv420p'
        container.start_encoding()


MAKERS = {
    'missing.mp4': lambda path: None,
    'empty.mp4': lambda path: path.touch(),
    'folder.mp4': lambda path: path.mkdir(),
    'text.mp4': lambda path: path.write_text('not a video\n' * 99),
    'noise.mp4': lambda path: path.write_bytes(
        np.random.default_rng(0).bytes(5000)
    ),
    'audio.wav': audio_only,
    'no_frames.mp4': index_without_frames,
}
REASONS = {
    'missing.mp4': 'does not exist',
    'empty.mp4': 'is empty',
    'folder.mp4': 'a folder without images',
}


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('name', MAKERS)
def test_no_video_is_a_bad_video(tmp_path, name, backend):
    path = tmp_path / name
    MAKERS[name](path)
    with pytest.raises(BadVideoError, match=REASONS.get(name)) as caught:
        open_reader(str(path), backend)
    assert caught.value.path == str(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('share', [0.02, 0.5, 0.9])
def test_truncated_mp4_with_its_index_last(intact, tmp_path, share, backend):
    data = Path(intact).read_bytes()
    path = tmp_path / 'cut.mp4'
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BadVideoError):
        open_reader(str(path), backend)


@pytest.mark.parametrize('share', [0.3, 0.6, 0.95])
def test_truncated_mp4_with_its_index_first(tmp_path, share):
    """The index promises frames that are not there."""
    source = tmp_path / 'plain.mp4'
    fast = tmp_path / 'fast.mp4'
    encode(source)
    with (
        av.open(str(source)) as old,
        av.open(str(fast), 'w', options={'movflags': 'faststart'}) as new,
    ):
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    data = fast.read_bytes()
    start = data.index(b'mdat')
    path = tmp_path / 'cut.mp4'
    path.write_bytes(data[: start + int(share * (len(data) - start))])
    with pytest.raises(BadVideoError, match='cut off'):
        open_reader(str(path), 'pyav')


@pytest.mark.parametrize('suffix', ['webm', 'mkv'])
def test_truncated_stream_has_the_frames_that_are_left(tmp_path, suffix):
    """Without an index nothing was promised: count what is there."""
    codec = 'libvpx' if suffix == 'webm' else 'libx264'
    source = encode(tmp_path / f'whole.{suffix}', codec=codec)
    data = Path(source).read_bytes()
    path = tmp_path / f'cut.{suffix}'
    path.write_bytes(data[: len(data) * 2 // 3])
    whole = decode_all(source)
    with open_reader(str(path), 'pyav') as reader:
        assert 10 < reader.total_frames < 35
        last = reader.total_frames - 1
        frames = reader.get_frames([0, last])
    np.testing.assert_array_equal(frames[0], whole[0])
    np.testing.assert_array_equal(frames[1], whole[last])


@pytest.fixture(scope='module')
def damaged(intact, tmp_path_factory):
    """A video whose second GOP, frames 12 to 23, has lost a frame's data."""
    with av.open(intact) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0)]
    data = bytearray(Path(intact).read_bytes())
    position, size = packets[13]
    data[position : position + size] = bytes(size)
    path = tmp_path_factory.mktemp('damaged') / 'damaged.mp4'
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize('backend', BACKENDS)
def test_damage_is_found_where_it_is_read(damaged, backend):
    with open_reader(damaged, backend) as reader:
        assert reader.total_frames == 40
        with pytest.raises(BadVideoError):
            reader.get_frames([13, 20])


def test_damage_spares_other_gops(intact, damaged):
    """Not with decord, which reads ahead and may meet it."""
    reference = decode_all(intact)
    with open_reader(damaged, 'pyav') as reader:
        frames = reader.get_frames([5, 30])
    np.testing.assert_array_equal(frames[0], reference[5])
    np.testing.assert_array_equal(frames[1], reference[30])


# file name, codec and further arguments of the encoder
ENCODINGS = {
    'h264.mp4': ('libx264', dict(b_frames=2)),
    'h264.mkv': ('libx264', {}),
    'h264.ts': ('libx264', {}),
    'h264.avi': ('libx264', {}),
    'hevc.mp4': ('libx265', dict(options={'x265-params': 'log-level=none'})),
    'vp8.webm': ('libvpx', {}),
    'vp9.webm': ('libvpx-vp9', dict(options={'cpu-used': '8'})),
    'mpeg2.mpg': ('mpeg2video', {}),
    'mpeg4.avi': ('mpeg4', {}),
    'mpeg4.mp4': ('mpeg4', {}),
    'mjpeg.avi': ('mjpeg', dict(pixels='yuvj420p')),
}

# of addresses, of which torch takes some; a frame here has 9 kB
MEMORY_LIMIT = 8 * 2**30


def mutant(original, rng):
    """Return a file with some bits flipped, and bytes lost or repeated."""
    data = bytearray(original)
    # in the headers, in the index of an mp4, or anywhere
    low, high = [(0, 600), (len(data) - 1200, len(data)), (0, len(data))][
        rng.integers(3)
    ]
    for place in rng.integers(max(low, 0), high, size=rng.choice([1, 5, 50])):
        data[place] ^= 1 << rng.integers(8)
    cut, end = sorted(rng.integers(len(data), size=2))
    if rng.random() < 0.2:
        return data[:cut]
    if rng.random() < 0.2:
        return data[:cut] + data[cut : cut + (end - cut) % 300] + data[cut:]
    return data


def read_mutants(path):
    """Read damaged copies of a file; return how many were refused."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    path = Path(path)
    original = path.read_bytes()
    rng = np.random.default_rng(len(original))
    num_refused = 0
    for _ in range(40):
        path.write_bytes(mutant(original, rng))
        try:
            with open_reader(str(path), 'pyav') as reader:
                wanted = rng.integers(reader.total_frames, size=5)
                assert len(reader.get_frames(wanted)) == 5
                seen = [index for index, _ in reader.visit(wanted)]
                assert sorted(seen) == sorted(set(wanted.tolist()))
        except BadVideoError:
            num_refused += 1
    return num_refused


def test_random_damage_gives_frames_or_one_kind_of_error(tmp_path):
    """And neither crashes, nor hangs, nor takes all memory."""
    paths = []
    for name, (codec, options) in ENCODINGS.items():
        path = tmp_path / name
        paths.append(encode(path, codec=codec, num_frames=20, **options))
    refused = {}
    for number, outcome in run_isolated(read_mutants, paths, limit_sec=100):
        assert outcome.failure == '', (paths[number], outcome)
        refused[paths[number]] = outcome.value
    assert len(refused) == len(ENCODINGS)
    assert all(5 <= number <= 38 for number in refused.values()), refused


@pytest.mark.skipif(
    not Path('/proc/self/fd').is_dir(), reason='counts files as Linux does'
)
def test_reader_is_closed_when_lost(intact):
    """No file stays open, and no warning says that one was left."""
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        before = len(list(Path('/proc/self/fd').iterdir()))
        for _ in range(20):
            open_reader(intact, 'pyav').get_frames([3])
        assert len(list(Path('/proc/self/fd').iterdir())) == before


def test_the_error_survives_pickling_and_reraising_from_text():
    error = BadVideoError('a/b.mp4', 'is empty')
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.path, copy.reason) == ('a/b.mp4', 'is empty')
    assert str(copy) == 'a/b.mp4: is empty'
    assert str(BadVideoError('Caught in worker: a/b.mp4')).endswith('b.mp4')

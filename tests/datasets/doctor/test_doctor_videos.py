"""Each defect of a video is named as what it is."""

from __future__ import annotations

import os
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from encoded_video import encode, moving_pattern

from vsslcodebase.datasets.doctor import video_header
from vsslcodebase.datasets.doctor.file_signs import (
    announced_bytes,
    quoted_text,
)
from vsslcodebase.datasets.doctor.video_header import read_header
from vsslcodebase.datasets.doctor.video_report import examine


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return a folder with whole videos."""
    folder = tmp_path_factory.mktemp('whole')
    encode(folder / 'plain.mp4', b_frames=2)
    encode(folder / 'plain.mkv')
    encode(folder / 'plain.avi', codec='mpeg4')
    encode(folder / 'plain.mpg', codec='mpeg2video')
    return folder


def cut(source, target, share):
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def findings(path, **options):
    """Return what is bad and odd about a video, and how much it read."""
    report = examine(str(path), 'name', **options)
    assert report.path == 'name'
    return report.bad, report.reason, report.odd


class TestGoodVideos:
    @pytest.mark.parametrize('name', ['plain.mp4', 'plain.mkv', 'plain.avi'])
    def test_nothing_is_wrong(self, folder, name):
        for full in (False, True):
            assert findings(folder / name, full=full) == ('', '', {})

    def test_facts(self, folder):
        report = examine(str(folder / 'plain.mp4'), 'a.mp4')
        size = os.path.getsize(folder / 'plain.mp4')
        assert report.as_dict() == {
            'path': 'a.mp4',
            'num_bytes': size,
            'container': 'mp4',
            'codec': 'h264',
            'pixels': 'yuv420p',
            'height': 48,
            'width': 64,
            'frames': 40,
            'fps': 30.0,
            # key frames 0, 12, 24, 36
            'gop_mean': 10.0,
            'gop_max': 12,
        }

    def test_times(self, folder):
        header = read_header(str(folder / 'plain.mp4'))
        assert header.promised_frames == 40
        assert header.promised_sec == pytest.approx(4 / 3, abs=1e-3)  # ticks
        assert header.timing == pytest.approx((0, 4 / 3, 1 / 30, 1 / 30), 2e-3)
        assert not header.timing.is_uneven


class TestBadFiles:
    def test_what_is_no_file_or_empty(self, tmp_path):
        gone = ('missing', 'the file does not exist', {})
        assert findings(tmp_path / 'gone.mp4') == gone
        (tmp_path / 'link.mp4').symlink_to('elsewhere.mp4')
        reason = "a link to 'elsewhere.mp4', not there"
        assert findings(tmp_path / 'link.mp4') == ('missing', reason, {})
        reason = 'a folder without images (.jpg, .jpeg, .png)'
        assert findings(tmp_path) == ('corrupt', reason, {})
        os.mkfifo(tmp_path / 'pipe')
        no_file = ('no file', 'not a regular file', {})
        assert findings(tmp_path / 'pipe') == no_file
        (tmp_path / 'empty.mp4').touch()
        empty = ('empty', 'the file is empty', {})
        assert findings(tmp_path / 'empty.mp4') == empty

    def test_a_file_that_others_may_not_read(self, tmp_path, monkeypatch):
        path = tmp_path / 'secret.mp4'
        path.write_bytes(b'x')
        monkeypatch.setattr(os, 'access', lambda *_: False)  # root may all
        bad, reason, _ = findings(path)
        assert (bad, 'permissions' in reason) == ('no access', True)

    def test_text_in_place_of_a_video(self, tmp_path):
        path = tmp_path / 'page.mp4'
        path.write_text('<html>\n  <title>404</title>')
        assert findings(path)[:2] == (
            'corrupt',
            "holds text, '<html> <title>404</title>'",
        )

    def test_noise(self, tmp_path):
        path = tmp_path / 'noise.mp4'
        path.write_bytes(np.random.default_rng(0).bytes(3000))
        bad, reason, _ = findings(path)
        assert (bad, reason.startswith('Invalid data')) == ('corrupt', True)

    def test_sound_only(self, tmp_path):
        path = tmp_path / 'song.mp4'
        with av.open(str(path), 'w') as container:
            stream = container.add_stream('aac', rate=8000)
            silence = np.zeros((1, 4096), np.float32)
            frame = av.AudioFrame.from_ndarray(silence, 'fltp', 'mono')
            frame.rate = 8000
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
        reason = 'no video stream in this mp4'
        assert findings(path)[:2] == ('no video', reason)

    @pytest.mark.parametrize('name', ['plain.mp4', 'plain.avi'])
    def test_cut_off(self, folder, tmp_path, name):
        path = cut(folder / name, tmp_path / name, 0.6)
        bad, reason, _ = findings(path)
        assert bad == 'truncated'
        assert reason.startswith(f'{os.path.getsize(path)} of ')
        announced = int(reason.split()[2])
        whole = os.path.getsize(folder / name)
        # An mp4's index comes last: where it begins is all that is known.
        assert os.path.getsize(path) < announced <= whole

    def test_damage_in_the_middle_is_found_by_full_decoding(self, tmp_path):
        path = Path(encode(tmp_path / 'holes.mp4', size=(96, 128), gop=8))
        with av.open(str(path)) as container:
            packets = [p for p in container.demux(video=0) if p.size]
            start, size = packets[16].pos, packets[16].size
        data = bytearray(path.read_bytes())
        data[start + 8 : start + size] = bytes(size - 8)
        path.write_bytes(data)
        assert findings(path)[0] == ''
        bad, reason, _ = findings(path, full=True)
        assert bad == 'corrupt'
        assert reason.endswith(', near frame 16')

    def test_streams_that_pyav_cannot_number(self, folder, monkeypatch):
        """Damaged transport streams have some that appear in mid-file."""

        def stumble(*_):
            raise IndexError('list index out of range')

        monkeypatch.setattr(video_header, '_walk', stumble)
        reason = 'a stream appears in mid-file'
        assert findings(folder / 'plain.mp4')[:2] == ('corrupt', reason)


class TestOddVideos:
    def test_one_that_ends_early(self, folder, tmp_path):
        path = cut(folder / 'plain.mkv', tmp_path / 'cut.mkv', 0.4)
        bad, _, odd = findings(path)
        assert (bad, list(odd)) == ('', ['ends early'])
        frames = examine(str(path), '').frames
        missing = f'{4 / 3 - frames / 30:.1f} s of 1.3 s missing'
        assert odd['ends early'] == missing

    def test_uneven_times(self, tmp_path):
        times = [index + index // 3 for index in range(12)]
        path = encode(tmp_path / 'v.mp4', 12, times=times)
        note = 'frames 33 to 67 ms apart'
        assert findings(path)[2] == {'variable frame rate': note}

    def test_rounded_times_are_even(self, tmp_path):
        # Matroska counts milliseconds: frames are 16 or 17 of them apart.
        path = encode(tmp_path / 'v.mkv', 30, fps=60)
        assert findings(path)[2] == {}

    def test_late_start(self, tmp_path):
        times = [index + 45 for index in range(10)]
        path = encode(tmp_path / 'v.mkv', 10, times=times)
        assert findings(path)[2] == {'late start': 'at 1.50 s'}

    def test_pixels_and_size(self, tmp_path):
        path = encode(tmp_path / 'v.mp4', 3, size=(47, 63), pixels='yuv444p')
        assert findings(path)[2] == {
            'odd size': '63x47',
            'pixel format': 'yuv444p',
        }

    def test_oblong_pixels_and_rotation(self, tmp_path):
        path = tmp_path / 'v.mp4'
        with av.open(str(path), 'w') as container:
            stream = container.add_stream('libx264', rate=30)
            stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
            stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
            stream.set_display_rotation(90)
            for index in range(3):
                image = moving_pattern(index, 48, 64)
                frame = av.VideoFrame.from_ndarray(image, 'rgb24')
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        odd = findings(path)[2]
        assert odd['non-square pixels'] == '1.333 wide to 1 high'
        assert odd['rotated'] == 'by 90 degrees'

    def test_header_that_counts_wrong(self, folder, tmp_path):
        data = bytearray((folder / 'plain.avi').read_bytes())
        place = data.index(b'strh') + 40  # dwLength
        assert int.from_bytes(data[place : place + 4], 'little') == 40
        data[place : place + 4] = (44).to_bytes(4, 'little')
        path = tmp_path / 'liar.avi'
        path.write_bytes(data)
        odd = findings(path)[2]
        assert odd['wrong frame count'] == '44 in the header, 40 there'

    def test_no_random_access(self, folder):
        odd = findings(folder / 'plain.mpg')[2]
        assert odd['no random access'] == 'mpeg2video in mpeg'


class TestSignsOfFiles:
    def test_whole_files_announce_their_size(self, folder):
        for name in ('plain.mp4', 'plain.avi'):
            path = folder / name
            assert announced_bytes(str(path)) == path.stat().st_size
        assert announced_bytes(str(folder / 'plain.mkv')) == 0

    def test_large_and_open_boxes(self, tmp_path):
        path = tmp_path / 'boxes'
        head = (16).to_bytes(4, 'big') + b'ftypisom' + bytes(4)
        large = (1).to_bytes(4, 'big') + b'mdat' + (1 << 40).to_bytes(8, 'big')
        path.write_bytes(head + large)
        assert announced_bytes(str(path)) == 16 + (1 << 40)
        open_end = bytes(4) + b'mdat' + bytes(100)
        path.write_bytes(head + open_end)
        assert announced_bytes(str(path)) == path.stat().st_size

    def test_text_is_quoted_and_binary_is_not(self, folder, tmp_path):
        assert quoted_text(str(folder / 'plain.mp4')) == ''
        path = tmp_path / 'pointer'
        path.write_text('version 1\noid ' + 'a' * 300)
        assert quoted_text(str(path)) == 'version 1 oid ' + 'a' * 26
        shutil.copy(folder / 'plain.mp4', path)
        assert quoted_text(str(path)) == ''

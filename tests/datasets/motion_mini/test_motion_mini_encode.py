import av
import cv2
import numpy as np
import pytest
from motion_mini_honesty import read_frames

from vsslcodebase.datasets.motion_mini import (
    SUFFIXES,
    level_knobs,
    plan_split,
    render_video,
)
from vsslcodebase.datasets.motion_mini.encode import write_video

KNOBS = level_knobs('demo', size=32)
VIDEO = render_video(plan_split('train', 1, KNOBS, 0)[0], KNOBS)


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_files_hold_what_was_written(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    write_video(path, VIDEO, 24)
    decoded = read_frames(path)
    assert decoded.shape == VIDEO.shape == (48, 32, 32, 3)
    grey = [video.mean(axis=3) for video in (decoded, VIDEO)]
    # luma within 38 dB; chroma is halved by 4:2:0
    assert ((grey[0] - grey[1]) ** 2).mean() < 255**2 / 10**3.8
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ('suffix', 'codec'),
    [('.mp4', 'h264'), ('.avi', 'mpeg4'), ('.webm', 'vp9')],
)
def test_files_say_codec_rate_and_length(tmp_path, suffix, codec):
    path = tmp_path / f'a{suffix}'
    write_video(path, VIDEO, 30)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name.startswith(codec)
        assert float(stream.average_rate) == pytest.approx(30, rel=1e-3)
        keys = [f.key_frame for f in container.decode(stream)]
    assert len(keys) == 48
    assert sum(keys) >= 4  # one in twelve frames


def test_every_frame_keeps_its_place(tmp_path):
    """Frame k has grey level 5 k: decoding neither drops nor reorders."""
    frames = np.empty((40, 16, 16, 3), np.uint8)
    frames[:] = np.arange(40, dtype=np.uint8)[:, None, None, None] * 5 + 20
    write_video(tmp_path / 'a.mp4', frames, 24)
    levels = read_frames(tmp_path / 'a.mp4').mean(axis=(1, 2, 3))
    assert np.abs(levels - frames[:, 0, 0, 0]).max() < 2.5


def test_same_frames_give_the_same_bytes(tmp_path):
    for name in ('a.mp4', 'b.mp4'):
        write_video(tmp_path / name, VIDEO, 24)
    a, b = ((tmp_path / n).read_bytes() for n in ('a.mp4', 'b.mp4'))
    assert a == b


def test_failed_encoding_leaves_no_video(tmp_path):
    two_channels = VIDEO[..., :2]
    with pytest.raises(cv2.error):
        write_video(tmp_path / 'a.mp4', two_channels, 24)
    assert not (tmp_path / 'a.mp4').exists()


def test_unknown_suffix_is_an_error(tmp_path):
    with pytest.raises(
        ValueError, match=r"\.mp4', '\.avi', '\.webm'.*'\.gif'"
    ):
        write_video(tmp_path / 'a.gif', VIDEO, 24)

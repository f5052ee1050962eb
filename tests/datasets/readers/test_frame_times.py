"""When frames are shown, as readers tell it."""

import numpy as np
import pytest
from encoded_video import encode

from vsslcodebase.datasets.readers import open_reader

IRREGULAR = np.cumsum([1, 3, 1, 1, 7, 2, 1, 1, 5, 1] * 4)  # ticks of 1/30 s
FILES = {
    'even.mp4': dict(b_frames=2),
    'irregular.mp4': dict(times=IRREGULAR.tolist(), b_frames=2),
    'irregular.mkv': dict(times=IRREGULAR.tolist()),
    'irregular.webm': dict(times=IRREGULAR.tolist(), codec='libvpx'),
    'late.mp4': dict(times=list(range(150, 190)), b_frames=2),
    'even.avi': dict(codec='mpeg4'),
}


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('name', FILES)
def test_times_are_those_of_the_file_from_its_first_frame(
    tmp_path, name, backend
):
    path = encode(tmp_path / name, **FILES[name])
    ticks = np.array(FILES[name].get('times', np.arange(40)))
    with open_reader(path, backend) as reader:
        times = reader.frame_times()
    assert times.dtype == np.float64
    assert times[0] == 0
    np.testing.assert_allclose(  # Matroska counts milliseconds
        times, (ticks - ticks[0]) / 30, rtol=0, atol=1.1e-3
    )


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_a_single_frame_is_at_0(tmp_path, backend):
    path = encode(tmp_path / 'one.mp4', num_frames=1)
    with open_reader(path, backend) as reader:
        assert reader.frame_times().tolist() == [0]


def test_raw_streams_have_no_times(tmp_path):
    path = encode(tmp_path / 'raw.h264', b_frames=2)
    with open_reader(path, 'pyav') as reader:
        assert reader.frame_times() is None

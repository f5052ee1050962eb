"""Videos that several tests of the data part share."""

import pytest
from encoded_video import encode


@pytest.fixture(scope='session')
def video_folder(tmp_path_factory):
    """Eight h264 videos of 40 frames, and the list file 'list.txt'."""
    folder = tmp_path_factory.mktemp('videos')
    names = [f'video {index}.mp4' for index in range(8)]
    for index, name in enumerate(names):
        encode(folder / name, num_frames=40 + index)
    lines = [f'{name} {index % 3}' for index, name in enumerate(names)]
    (folder / 'list.txt').write_text('\n'.join(lines) + '\n')
    return folder

"""What names videos, and what does not."""

import os

import numpy as np
import pytest

from vsslcodebase.apis.video_inputs import list_videos
from vsslcodebase.engine.preflight import UsageError


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(inputs):
    return [video.name for video in list_videos(inputs)]


def test_a_folder_is_searched_at_any_depth_in_order(tmp_path):
    wanted = [
        tmp_path / 'a' / 'z.MP4',
        tmp_path / 'b.webm',
        tmp_path / 'c.avi',
    ]
    touch(*wanted, tmp_path / 'notes.md', tmp_path / '.hidden.mp4')
    touch(tmp_path / '.cache' / 'x.mp4', tmp_path / 'thumbnail.jpg')
    assert names(str(tmp_path)) == [str(path) for path in wanted]
    assert names(tmp_path) == [str(path) for path in wanted]


def test_a_folder_of_images_is_one_video(tmp_path):
    touch(tmp_path / 'one' / '1.jpg', tmp_path / 'one' / '2.jpg')
    touch(tmp_path / 'two' / '00001.png', tmp_path / 'three.mp4')
    assert names(tmp_path / 'one') == [str(tmp_path / 'one')]
    found = [tmp_path / 'one', tmp_path / 'three.mp4', tmp_path / 'two']
    assert names(tmp_path) == [str(path) for path in found]


def test_a_link_in_a_circle_ends(tmp_path):
    touch(tmp_path / 'x.mp4')
    os.symlink(tmp_path, tmp_path / 'again')
    assert names(tmp_path) == [str(tmp_path / 'x.mp4')]


def test_a_list_has_labels_and_starts_at_its_folder(tmp_path, monkeypatch):
    touch(tmp_path / 'lists' / 'v' / 'a b.mp4', tmp_path / 'here.mp4')
    listing = tmp_path / 'lists' / 'test.txt'
    listing.write_text('v/a b.mp4 3\nv/missing.mp4 -1\n')
    videos = list_videos(str(listing))
    assert [video.label for video in videos] == [3, -1]
    assert videos[0].name == str(tmp_path / 'lists' / 'v' / 'a b.mp4')
    listing.write_text('here.mp4 1\n')
    monkeypatch.chdir(tmp_path)
    assert names(str(listing)) == ['here.mp4']


def test_arrays_are_numbered(tmp_path):
    one = np.zeros((4, 8, 8, 3), np.uint8)
    two = np.stack([one + 1, one + 2])
    videos = list_videos([one, [two, 'x.mp4'], (one + 3,)])
    assert [video.name for video in videos] == [
        'array 0',
        'array 1',
        'array 2',
        'x.mp4',
        'array 3',
    ]
    values = [v.frames.max() for v in videos if v.frames is not None]
    assert values == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ('inputs', 'kind', 'message'),
    [
        (np.zeros((4, 8, 8, 3)), ValueError, 'in uint8, got float64'),
        (np.zeros((4, 3, 8, 8), np.uint8), ValueError, r'\(4, 3, 8, 8\)'),
        (np.zeros((0, 8, 8, 3), np.uint8), ValueError, r'\(0, 8, 8, 3\)'),
        (3, TypeError, "got <class 'int'>"),
        ([], UsageError, 'there are no videos to take'),
        ('frame.JPG', UsageError, r'frame\.JPG is an image.*give the folder'),
        ('missing.txt', FileNotFoundError, r'missing\.txt'),
    ],
)
def test_what_names_no_video_is_told(inputs, kind, message):
    with pytest.raises(kind, match=message):
        list_videos(inputs)


def test_a_folder_without_videos_is_told(tmp_path):
    touch(tmp_path / 'notes.md')
    with pytest.raises(UsageError, match=r'no videos \(\.avi, .*\.webm\)'):
        list_videos(tmp_path)


def test_arrays_are_counted_among_paths():
    one = np.zeros((2, 4, 4, 3), np.uint8)
    inputs = [one, 'a.mp4', np.stack([one, one]), [one]]
    expected = ['array 0', 'a.mp4', 'array 1', 'array 2', 'array 3']
    assert names(inputs) == expected

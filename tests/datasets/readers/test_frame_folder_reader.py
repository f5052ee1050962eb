"""Folders of images as videos, against PIL."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from encoded_video import moving_pattern
from frame_folders import write_frames
from PIL import Image

from vsslcodebase.datasets.readers import (
    BadVideoError,
    FrameFolderReader,
    frame_folder_reader,
    open_reader,
)
from vsslcodebase.datasets.video_check import why_unreadable


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_frames(tmp_path_factory.mktemp('frames') / '100218', 12)


def pil_frame(folder, number):
    return np.asarray(Image.open(Path(folder, f'{number:05d}.jpg')))


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_a_folder_is_a_video_whatever_the_backend_is(folder, backend):
    with open_reader(folder, backend) as reader:
        assert isinstance(reader, FrameFolderReader)
        assert (reader.total_frames, reader.avg_fps) == (12, 12)
        frames = reader.get_frames([11, 0, 3, 3])
    for frame, number in zip(frames, (12, 1, 4, 4), strict=True):
        np.testing.assert_array_equal(frame, pil_frame(folder, number))
        assert frame.dtype == np.uint8
    assert frames[2] is frames[3]
    assert not frames[0].flags.writeable


def test_frames_are_rgb(folder):
    with FrameFolderReader(folder) as reader:
        (frame,) = reader.get_frames([5])
    original = moving_pattern(5, 48, 64).astype(int)
    errors = np.abs(frame - original).mean(axis=(0, 1))
    swapped = np.abs(frame[..., ::-1] - original).mean(axis=(0, 1))
    assert errors.max() < 3
    assert swapped[0] > 20


def test_visits_give_the_same_pixels(folder):
    with FrameFolderReader(folder) as reader:
        seen = dict(reader.visit([7, 2, 7]))
        frames = dict(zip((2, 7), reader.get_frames([2, 7])))
    assert sorted(seen) == [2, 7]
    for index, picture in seen.items():
        np.testing.assert_array_equal(picture.planes[0], frames[index])


def test_only_the_frames_that_are_wanted_are_read(folder, monkeypatch):
    opened = []

    def note(path, mode):
        opened.append(Path(path).name)
        return open(path, mode)

    monkeypatch.setattr(frame_folder_reader, 'open', note, raising=False)
    with FrameFolderReader(folder) as reader:
        assert opened == []
        reader.get_frames([8, 3, 8])
    assert opened == ['00004.jpg', '00009.jpg']


@pytest.mark.parametrize(
    ('form', 'first'),
    [
        ('{}.jpg', 1),
        ('{:05d}.JPG', 0),
        ('img_{:05d}.png', 1),
        ('v2_{}.jpeg', 95),
    ],
)
def test_the_number_at_the_end_is_the_order(tmp_path, form, first):
    write_frames(tmp_path / 'v', 12, form=form, first=first)
    (tmp_path / 'v' / 'Thumbs.db').touch()
    (tmp_path / 'v' / '._00001.jpg').touch()
    with FrameFolderReader(str(tmp_path / 'v')) as reader:
        assert reader.total_frames == 12
        for index, frame in enumerate(reader.get_frames(range(12))):
            original = moving_pattern(index, 48, 64).astype(int)
            assert np.abs(frame - original).mean() < 3


def test_the_rate_is_that_of_the_data_set(folder):
    with open_reader(folder, 'pyav', folder_fps=25) as reader:
        assert reader.avg_fps == 25
        assert reader.frame_times() is None


def bad(folder, indices=()):
    """Return why a folder cannot be opened, or read at ``indices``."""
    with (
        pytest.raises(BadVideoError) as caught,
        FrameFolderReader(str(folder)) as reader,
    ):
        reader.get_frames(indices)
    assert caught.value.path == str(folder)
    return caught.value.reason


def test_a_folder_without_images_is_a_bad_video(tmp_path):
    (tmp_path / 'readme.txt').touch()
    assert bad(tmp_path) == 'a folder without images (.jpg, .jpeg, .png)'
    assert why_unreadable(str(tmp_path)) == bad(tmp_path)
    assert 'not a folder' in bad(tmp_path / 'readme.txt')


def test_holes_and_doubles_are_named(tmp_path):
    folder = Path(write_frames(tmp_path / 'v', 9))
    for number in (4, 5, 6):
        (folder / f'{number:05d}.jpg').unlink()
    hole = '3 frames are missing between 00003.jpg and 00007.jpg'
    assert bad(folder) == hole
    write_frames(folder, 9)
    (folder / 'flow_00002.jpg').touch()
    same = '00002.jpg and flow_00002.jpg have the same number'
    assert bad(folder) == same
    (folder / 'flow_00002.jpg').rename(folder / 'cover.jpg')
    assert bad(folder).startswith('cover.jpg does not end in a number')


def test_damaged_images_are_named_when_they_are_read(tmp_path):
    folder = Path(write_frames(tmp_path / 'v', 5))
    first, second, third = (folder / f'0000{n}.jpg' for n in (1, 2, 3))
    data = first.read_bytes()
    first.write_bytes(data[: len(data) * 9 // 10])
    second.write_text('<!DOCTYPE html>')
    third.write_bytes(b'')
    assert bad(folder, [0]) == '00001.jpg is cut off'
    assert bad(folder, [4, 1]) == '00002.jpg is damaged, or no image'
    assert bad(folder, [2]) == '00003.jpg is empty'
    assert why_unreadable(str(folder)) == '00001.jpg is cut off'
    (folder / '00004.jpg').unlink()
    (folder / '00004.jpg').symlink_to('gone.jpg')
    assert bad(folder, [3]) == '00004.jpg: No such file or directory'


def test_a_thumbnail_does_not_hide_that_an_image_is_cut_off(tmp_path):
    folder = Path(write_frames(tmp_path / 'v', 1))
    path = folder / '00001.jpg'
    small = cv2.imencode('.jpg', moving_pattern(0, 8, 8))[1].tobytes()
    data = path.read_bytes()
    length = (len(small) + 2).to_bytes(2, 'big')
    whole = data[:2] + b'\xff\xe1' + length + small + data[2:]
    path.write_bytes(whole)
    with FrameFolderReader(str(folder)) as reader:
        assert reader.get_frames([0])[0].shape == (48, 64, 3)
    path.write_bytes(whole[:-200])
    assert bad(folder, [0]) == '00001.jpg is cut off'


def test_images_of_other_sizes_are_an_error(tmp_path):
    folder = Path(write_frames(tmp_path / 'v', 6))
    write_frames(folder, 1, size=(48, 66), first=4)
    reason = 'the frame size changes within the video, from (48, 64) to'
    assert bad(folder, [0, 3]).startswith(reason)
    with FrameFolderReader(str(folder)) as reader:
        assert len(reader.get_frames([0, 5])) == 2
        with pytest.raises(BadVideoError, match='frame size changes'):
            list(reader.visit([2, 3]))


def test_frames_that_are_not_there_are_an_error(folder):
    with (
        FrameFolderReader(folder) as reader,
        pytest.raises(IndexError, match='frames 0 to 11, but frames 3 to 12'),
    ):
        reader.get_frames([3, 12])

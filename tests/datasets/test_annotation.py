"""List and class files."""

from __future__ import annotations

import os

import pytest

from vsslcodebase.datasets.annotation import (
    read_classes,
    read_list,
    write_classes,
    write_list,
)


def test_lists_survive_writing_and_reading(tmp_path):
    videos = [('a b/c.mp4', 3), ('ünï.webm', -1), ('#1.avi', 0)]
    path = tmp_path / 'new folder' / 'list.txt'
    write_list(path, videos)
    assert read_list(path) == videos
    assert os.listdir(path.parent) == ['list.txt']  # no partial file


def test_file_names_may_be_any_bytes(tmp_path):
    video = tmp_path / os.fsdecode(b'caf\xe9.mp4')  # latin-1, as in old sets
    video.touch()
    path = tmp_path / 'list.txt'
    path.write_bytes(b'caf\xe9.mp4 2\n')
    ((name, label),) = read_list(path)
    assert (tmp_path / name).exists()
    write_list(path, [(name, label)])
    assert path.read_bytes() == b'caf\xe9.mp4 2\n'


def test_a_video_given_as_a_list_is_one_short_sentence(tmp_path):
    path = tmp_path / 'video.mp4'
    path.write_bytes(bytes(range(14, 256)) * 40)
    with pytest.raises(ValueError, match=r'video.mp4, line 1: ') as caught:
        read_list(path)
    assert len(str(caught.value)) < 700


def test_class_files_do_not_change_silently(tmp_path):
    path = tmp_path / 'classes.txt'
    write_classes(path, ['air drumming', 'zumba'])
    write_classes(path, ['air drumming', 'zumba'])
    assert read_classes(path) == ['air drumming', 'zumba']
    with pytest.raises(ValueError, match='lists other classes'):
        write_classes(path, ['zumba', 'air drumming'])
    assert read_classes(path) == ['air drumming', 'zumba']

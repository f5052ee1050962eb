"""List and class files, and checking videos in parallel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vsslcodebase.datasets import video_check
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


def test_unreadable_videos_are_named_with_reasons(video_folder, capsys):
    paths = ['video 0.mp4', 'gone.mp4', 'list.txt', 'video 1.mp4']
    reasons = video_check.find_unreadable(paths, video_folder, workers=2)
    assert sorted(reasons) == ['gone.mp4', 'list.txt']
    assert reasons['gone.mp4'] == 'the file does not exist'
    assert '4/4' in capsys.readouterr().out


def die(path):
    os._exit(1)


def test_a_dying_process_is_an_error_and_no_hang(monkeypatch, tmp_path):
    monkeypatch.setattr(video_check, 'why_unreadable', die)
    with pytest.raises(RuntimeError, match=r"died, .* after 'a\.mp4'"):
        video_check.find_unreadable(['a.mp4', 'b.mp4'], Path(tmp_path))

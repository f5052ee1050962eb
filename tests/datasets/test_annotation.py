"""List and class files."""

from __future__ import annotations

import os

import pytest

from vsslcodebase.datasets.annotation import (
    leaves,
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


@pytest.mark.parametrize(
    ('path', 'is_outside'),
    [
        ('a/b.mp4', False),
        ('a/../b.mp4', False),
        ('..b/c..mp4', False),  # odd, but names
        ('a/../../videos/b.mp4', False),  # out and in again
        ('/data/videos/b.mp4', False),
        ('../b.mp4', True),
        ('a/../../b.mp4', True),
        ('/data/videos2/b.mp4', True),
        ('/etc/passwd', True),
    ],
)
def test_a_path_may_not_end_outside_of_its_folder(path, is_outside):
    for folder in ('/data/videos', '/data/videos/', '/data/./videos'):
        assert leaves(path, folder) is is_outside


def test_links_inside_the_folder_are_followed(tmp_path):
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'disk').mkdir()
    (tmp_path / 'videos' / 'link').symlink_to(tmp_path / 'disk')
    assert not leaves('link/a.mp4', str(tmp_path / 'videos'))


def test_a_list_that_leaves_its_folder_is_refused_with_the_line(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('a.mp4 0\n\n../../b c.mp4 1\n')
    assert read_list(path) == [('a.mp4', 0), ('../../b c.mp4', 1)]
    assert read_list(path, folder='') == read_list(path)
    with pytest.raises(ValueError, match=r"list\.txt, line 3: '../../b c"):
        read_list(path, folder='videos')

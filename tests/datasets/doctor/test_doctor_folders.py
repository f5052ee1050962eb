"""Folders of images are examined like video files."""

from __future__ import annotations

from pathlib import Path

import pytest
from frame_folders import write_frames

from vsslcodebase.datasets.doctor.diagnosis import diagnose
from vsslcodebase.datasets.doctor.examination import Examination
from vsslcodebase.datasets.doctor.text_report import text_report
from vsslcodebase.datasets.doctor.video_report import examine
from vsslcodebase.datasets.transforms import SampleSeparatedClips


@pytest.fixture
def videos(tmp_path):
    folder = tmp_path / 'videos'
    for name in ('1', '2', '3'):
        write_frames(folder / name, 10)
    (folder / '2' / '00004.jpg').unlink()
    return folder


def test_facts_of_a_folder(videos):
    sizes = [path.stat().st_size for path in (videos / '1').iterdir()]
    assert examine(str(videos / '1'), '1', full=True).as_dict() == {
        'path': '1',
        'num_bytes': sum(sizes),
        'container': 'a folder',
        'codec': 'images',
        'height': 48,
        'width': 64,
        'frames': 10,
        'gop_mean': 1.0,
        'gop_max': 1,
    }


def test_damage_in_the_middle_is_found_by_reading_all(videos):
    damaged = videos / '1' / '00006.jpg'
    damaged.write_bytes(damaged.read_bytes()[:-50])
    assert examine(str(videos / '1'), '1').bad == ''
    report = examine(str(videos / '1'), '1', full=True)
    assert report.bad == 'corrupt'
    assert report.reason == '00006.jpg is cut off, near frame 5'


def test_a_list_of_folders_is_diagnosed(videos):
    sampler = SampleSeparatedClips(4, 2, 1)
    how = Examination(str(videos), sampler, duplicates=True, reencode=1)
    write_frames(videos / '4', 5)
    found = diagnose([('1', 0), ('2', 0), ('3', 1)], how)
    cases = {finding.kind: finding.cases for finding in found.findings}
    assert cases['corrupt'] == [
        ('2', '1 frames are missing between 00003.jpg and 00005.jpg')
    ]
    assert cases['not in the list'] == [('4', '')]
    assert cases['same file'] == [('3', 'as 1, with another label')]
    assert sorted(cost.path for cost in found.costs) == ['1', '3']
    sizes = [path.stat().st_size for path in Path(videos, '1').iterdir()]
    assert {cost.num_bytes for cost in found.costs} == {sum(sizes)}
    report = text_report(found)
    assert 'images in a folder' in report
    assert found.trials == []  # a folder is not re-encoded
    assert found.clean_videos() == [('1', 0), ('3', 1)]

"""What is found by comparing videos, lines and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from vsslcodebase.datasets.doctor import findings as find
from vsslcodebase.datasets.doctor.video_report import VideoReport


def report(path, **facts):
    facts = dict(frames=100, fps=30.0, height=240, width=320) | facts
    return VideoReport(path, **facts)


def cases(findings):
    return {finding.kind: finding.cases for finding in findings}


def test_what_is_wrong_with_videos_is_summed_up_worst_first():
    found = find.of_videos(
        [
            report('a', odd={'rotated': 'by 90 degrees', 'odd size': '3x3'}),
            report('b', bad='corrupt', reason='why'),
            report('c', bad='missing', reason='not there'),
            report('d', bad='corrupt', reason='hm', odd={'odd size': '1x1'}),
        ]
    )
    assert [(f.kind, f.level, f.cases) for f in found] == [
        ('missing', 'bad', [('c', 'not there')]),
        ('corrupt', 'bad', [('b', 'why'), ('d', 'hm')]),
        ('rotated', 'odd', [('a', 'by 90 degrees')]),
        ('odd size', 'odd', [('a', '3x3'), ('d', '1x1')]),
    ]


def test_short_videos_shortest_first():
    reports = [report(str(n), frames=n) for n in (35, 34, 32, 31, 1)]
    reports.append(report('bad', frames=0, bad='corrupt'))
    found = find.of_lengths(reports, clip_frames=32, num_clips=4)
    assert cases(found) == {
        'shorter than a clip': [('1', '1 frame'), ('31', '31 frames')],
        'too short for the clips': [('32', '32 frames'), ('34', '34 frames')],
    }
    assert 'fewer than 35 frames' in found[1].meaning
    assert cases(find.of_lengths(reports[:1], 32, 4)) == {}


def test_outliers_of_rate_and_size():
    reports = [report(f'{index}') for index in range(9)]
    reports += [
        report('fast', fps=61.0),
        report('slow', fps=5.0),
        report('double', fps=60.0),
        report('unknown rate', fps=0.0),
        report('hd', height=720, width=1280),
        report('tall', height=960, width=320),
        report('gone', height=0, width=0, fps=0.0, bad='missing'),
    ]
    assert cases(find.of_outliers(reports)) == {
        'unusual frame rate': [('slow', '5/s'), ('fast', '61/s')],
        'unusual size': [('hd', '1280x720')],
    }
    assert find.of_outliers([]) == []


def test_lines_that_repeat_or_contradict_others():
    videos = [('a', 0), ('b/c', 1), ('./a', 0), ('b//c', 2), ('a', 0)]
    assert cases(find.of_lines(videos)) == {
        'conflicting labels': [('b/c', 'labels 1, 2')],
        'repeated line': [('a', '3 times')],
    }


def test_labels_against_the_classes():
    videos = [('a', 0), ('b', 3), ('c', -1), ('d', 5)]
    assert cases(find.of_labels(videos)) == {
        'class without videos': [(f'class {c}', '') for c in (1, 2, 4)]
    }
    names = ['run', 'jump', 'sit', 'lie']
    assert cases(find.of_labels(videos, names)) == {
        'label without a class': [('d', 'label 5')],
        'class without videos': [('class 1', 'jump'), ('class 2', 'sit')],
    }
    assert find.of_labels([('a', -1), ('b', -1)], names) == []


def test_files_that_no_line_names(tmp_path):
    for name in ('a/1.mp4', 'a/2.MP4', 'b.webm', 'c.avi', 'notes.txt'):
        path = Path(tmp_path, name)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    videos = [('./a/1.mp4', 0), ('gone.mp4', 0)]
    assert cases(find.of_folder(videos, tmp_path, {})) == {
        'not in the list': [('a/2.MP4', ''), ('b.webm', ''), ('c.avi', '')]
    }
    others = {'val': [('b.webm', 0)], 'test': [('a//1.mp4', 0), ('x.mp4', 1)]}
    assert cases(find.of_folder(videos, tmp_path, others)) == {
        'in another list, too': [('a/1.mp4', 'test')],
        'not in the list': [('a/2.MP4', ''), ('c.avi', '')],
    }


def test_copies_by_size_and_first_bytes(tmp_path):
    start = bytes(1 << 16)
    contents = {
        'a': start + b'1',
        'b': start + b'2',  # told apart by nothing that is read
        'c': b'x' + start,
        'd': start,
        'e': start + b'1',
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    reports = [report(n, num_bytes=len(c)) for n, c in contents.items()]
    labels = dict(a=0, b=0, c=0, d=0, e=1)
    assert cases(find.of_copies(reports, labels, tmp_path)) == {
        'same file': [('b', 'as a'), ('e', 'as a, with another label')]
    }


@pytest.mark.parametrize('reports', [[], [report('a', num_bytes=0)]])
def test_nothing_to_compare(reports, tmp_path):
    assert find.of_copies(reports, {}, tmp_path) == []

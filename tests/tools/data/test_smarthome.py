"""Toyota Smarthome's lists, from empty files with names of its form."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
from encoded_video import encode

TOOL = Path(__file__).resolve().parents[3] / 'tools' / 'data' / 'smarthome.py'
ALL_SUBJECTS = (2, 3, 4, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)


@pytest.fixture
def run_tool(tmp_path, monkeypatch):
    """Return a function that runs the converter in an empty folder."""
    monkeypatch.chdir(tmp_path)
    Path('videos').mkdir()

    def run(*more):
        words = ['smarthome.py', 'videos', 'out', *more]
        monkeypatch.setattr(sys, 'argv', words)
        runpy.run_path(str(TOOL), run_name='__main__')

    return run


def place(*names, suffix='.mp4'):
    for name in names:
        path = Path('videos', f'{name}{suffix}')
        path.parent.mkdir(exist_ok=True)
        path.touch()


def listed(name):
    """Return {video: label} of a list."""
    lines = Path('out', f'{name}.txt').read_text().splitlines()
    pairs = [line.rpartition(' ') for line in lines]
    return {Path(path).stem: int(label) for path, _, label in pairs}


def everyone(activity='Walk'):
    """Name a recording of each subject by each camera."""
    return [
        f'{activity}_p{subject:02d}_r00_v01_c{camera:02d}'
        for subject in (*ALL_SUBJECTS, 25)
        for camera in range(1, 8)
    ]


def subjects(name):
    return {int(video.split('_')[1][1:]) for video in listed(name)}


def cameras(name):
    return {int(video.split('_')[4][1:]) for video in listed(name)}


def test_subjects_and_cameras_of_every_list(run_tool):
    place(*everyone())
    run_tool()
    training = {3, 4, 6, 7, 9, 12, 13, 15, 17, 19, 25}
    testing = {2, 10, 11, 14, 16, 18, 20}
    assert subjects('cs_train') == training
    assert subjects('cs_test') == testing
    assert subjects('cs_val') == {19, 25}
    assert subjects('cs_train_without_val') == training - {19, 25}
    for name in ('cs_train', 'cs_val', 'cs_test'):
        assert cameras(name) == {1, 2, 3, 4, 5, 6, 7}
    for protocol, train in (('cv1', {1}), ('cv2', {1, 3, 4, 6, 7})):
        assert cameras(f'{protocol}_train') == train
        assert cameras(f'{protocol}_val') == {5}
        assert cameras(f'{protocol}_test') == {2}
        assert subjects(f'{protocol}_train') == training | testing
    assert len(listed('cs_train')) == 11 * 7
    assert len(listed('cv2_train')) == 18 * 5


def test_labels_are_the_lines_of_the_class_files(run_tool):
    place(
        *(
            f'{activity}_p{subject}_r00_v02_c{camera}'
            for activity in ('Cook.Cleandishes', 'Cutbread', 'WatchTV', 'Walk')
            for subject, camera in (('03', '01'), ('02', '02'), ('19', '05'))
        )
    )
    run_tool()
    for name, protocol in (('cs_train', 'cs'), ('cv2_train', 'cv2')):
        path = Path('out', f'{protocol}_classes.txt')
        classes = path.read_text().splitlines()
        assert classes == sorted(classes)
        for video, label in listed(name).items():
            assert classes[label] == video.split('_')[0]
    assert set(listed('cs_train').values()) == {0, 5, 29, 30}
    assert set(listed('cv2_train').values()) == {0, 18}  # Cutbread, Walk


def test_there_are_31_and_19_classes(run_tool):
    place(*everyone())
    run_tool()
    numbers = {
        protocol: len(Path(f'out/{protocol}_classes.txt').read_text().split())
        for protocol in ('cs', 'cv1', 'cv2')
    }
    assert numbers == {'cs': 31, 'cv1': 19, 'cv2': 19}


def test_a_class_of_no_protocol_is_left_out_and_told(run_tool, capsys):
    place(*everyone(), 'Pour.Fromcup_p03_r00_v01_c01')
    run_tool()
    assert 'Pour.Fromcup_p03_r00_v01_c01' not in listed('cs_train')
    assert '1 videos of Pour.Fromcup are left out' in capsys.readouterr().out


def test_missing_classes_and_lists_are_warned_of(run_tool, capsys):
    place('Walk_p03_r00_v01_c01', 'WatchTV_p02_r00_v01_c01')
    run_tool()
    said = capsys.readouterr().out
    assert 'warning: cs_train has no video of 30 of 31 classes: Cook.' in said
    assert 'warning: cv2_test has no video and is not written' in said
    assert not Path('out/cv2_test.txt').exists()
    assert listed('cs_test') == {'WatchTV_p02_r00_v01_c01': 30}


def test_videos_may_lie_in_folders(run_tool):
    place(*everyone())
    place('deep/Enter_p03_r01_v02_c01', suffix='.avi')
    run_tool()
    assert listed('cs_train')['Enter_p03_r01_v02_c01'] == 12
    assert 'deep/Enter_p03_r01_v02_c01.avi 12' in (
        Path('out/cs_train.txt').read_text()
    )


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('Walk_p03_r00_v01', "'Walk_p03_r00_v01' is not like 'Cook.Cleandish"),
        ('demo', "'demo' is not like"),
        (
            'Walks_p03_r00_v01_c01',
            r"no known activity \(the nearest is 'Walk'",
        ),
        ('Walk_p01_r00_v01_c01', 'is of subject 1, none of 2, 3, 4, 6'),
        ('Walk_p03_r00_v01_c08', 'is of camera 8, none of 1, 2'),
    ],
)
def test_names_that_say_nothing_are_refused(run_tool, name, message):
    place(*everyone(), name)
    with pytest.raises(SystemExit, match=f'1 file names.*{message}'):
        run_tool()
    assert not Path('out').exists()


def test_an_empty_folder_is_refused(run_tool):
    with pytest.raises(SystemExit, match=r"no videos in 'videos'; expected"):
        run_tool()


def test_no_folder_is_refused(run_tool):
    Path('videos').rmdir()
    with pytest.raises(SystemExit, match=r"'videos' does not exist"):
        run_tool()


def test_other_suffixes_are_told(run_tool, capsys):
    place(*everyone())
    place('Walk_p03_r00_v09_c01', suffix='.m4v')
    run_tool()
    assert "1 files end in '.m4v' and are left out" in capsys.readouterr().out
    assert 'Walk_p03_r00_v09_c01' not in listed('cs_train')


def test_a_video_twice_is_refused(run_tool):
    place(*everyone())
    place('Walk_p03_r00_v01_c01', suffix='.avi')
    with pytest.raises(SystemExit, match="2 files in 'videos' are named"):
        run_tool()


def test_unreadable_videos_are_left_out(run_tool):
    place(*everyone())  # empty files, but for one
    encode(Path('videos/Walk_p03_r00_v01_c01.mp4'), num_frames=5)
    run_tool('--check', '--workers', '1')
    assert listed('cs_train') == {'Walk_p03_r00_v01_c01': 29}
    problems = Path('out/cs_train.txt.problems.txt').read_text().splitlines()
    assert len(problems) == 76
    assert problems[0].startswith('unreadable Walk_p03_r00_v01_c02.mp4: ')

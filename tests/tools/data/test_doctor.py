"""The tool from its command line to its files and exit codes."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from pathlib import Path

import pytest
from encoded_video import encode

TOOL = Path(__file__).resolve().parents[3] / 'tools' / 'data' / 'doctor.py'
QUICK = ('--sample', '0', '--reencode', '0', '--workers', '1')


@pytest.fixture(scope='module')
def one_video(tmp_path_factory):
    return encode(tmp_path_factory.mktemp('one') / 'v.mp4', num_frames=70)


@pytest.fixture
def run_tool(tmp_path, monkeypatch, capsys, one_video):
    """Return a function that runs the tool beside two videos and a list."""
    monkeypatch.chdir(tmp_path)
    Path('videos').mkdir()
    for name in ('a.mp4', 'b c.mp4'):
        shutil.copy(one_video, Path('videos', name))
    Path('list.txt').write_text('a.mp4 0\nb c.mp4 1\n')

    def run(*args):
        """Return exit code, standard output and standard error."""
        command = ['doctor.py', 'list.txt', '--videos', 'videos', *args]
        monkeypatch.setattr(sys, 'argv', command)
        with pytest.raises(SystemExit) as caught:
            runpy.run_path(str(TOOL), run_name='__main__')
        return caught.value.code, *capsys.readouterr()

    return run


def test_a_sound_data_set(run_tool):
    code, printed, progress = run_tool(*QUICK)
    assert code == 0
    assert printed.startswith(
        '2 lines, 2 videos, 2 of them readable (100 %)\n\nNothing is wrong.\n'
    )
    assert 'What to do' not in printed
    assert progress.startswith('Checking videos: 2/2')


def test_bad_videos_and_all_files(run_tool):
    with open('list.txt', 'a') as file:
        file.write('gone.mp4 1\na.mp4 0\n')
    code, printed, _ = run_tool(
        *('--sample', '2', '--reencode', '1', '--short-side', '32'),
        *('--full', '--duplicates', '--out', 'out/r.json'),
        *('--picture', 'out/p.png', '--write-clean', 'out/clean.txt'),
    )
    assert code == 1
    assert '      1  missing: no such file\n' in printed
    assert '    b c.mp4  (as a.mp4, with another label)\n' in printed
    assert 'out/clean.txt lists 2 videos' in printed
    assert '1. Train on out/clean.txt' in printed
    assert Path('out/clean.txt').read_text() == 'a.mp4 0\nb c.mp4 1\n'
    assert Path('out/p.png').read_bytes()[:4] == b'\x89PNG'
    report = json.loads(Path('out/r.json').read_text())
    assert report['num_lines'] == 4
    assert [f['kind'] for f in report['findings']] == [
        'missing',
        'repeated line',
        'same file',
    ]
    assert len(report['decode_costs']) == 2
    assert len(report['reencoding_trials']) == 1
    assert {video['path']: video.get('frames') for video in report['videos']}[
        'a.mp4'
    ] == 70


def test_classes_beside_the_list_are_compared(run_tool):
    Path('classes.txt').write_text('run\n')
    code, printed, _ = run_tool(*QUICK)
    assert code == 1
    assert '    b c.mp4  (label 1)\n' in printed


def test_lists_of_the_same_folder(run_tool):
    Path('list.txt').write_text('a.mp4 0\n')
    Path('val.txt').write_text('b c.mp4 1\n')
    code, printed, _ = run_tool(*QUICK)
    assert '1  not in the list' in printed
    code, printed, _ = run_tool(*QUICK, '--other-lists', 'val.txt')
    assert (code, 'Nothing is wrong.' in printed) == (0, True)
    Path('val.txt').write_text('b c.mp4 1\na.mp4 0\n')
    code, printed, _ = run_tool(*QUICK, '--other-lists', 'val.txt')
    assert code == 0
    assert '    a.mp4  (val.txt)\n' in printed


def test_clips_of_a_config(run_tool):
    Path('config.py').write_text(
        'train_dataloader = dict(dataset=dict(pipeline=['
        "dict(type='OpenVideo'), dict(type='SampleDecayingClips', "
        'clip_len=36, frame_interval=2)]))\n'
    )
    code, printed, _ = run_tool(*QUICK, '--config', 'config.py')
    assert code == 0  # short is odd, not bad
    assert '      2  shorter than a clip: fewer than 72 frames' in printed


def test_clips_of_the_command_line(run_tool):
    clips = ('--clip-len', '17', '--frame-interval', '4', '--num-clips', '9')
    _, printed, _ = run_tool(*QUICK, *clips, '--write-clean', 'clean.txt')
    assert '2  too short for the clips: fewer than 76 frames: 9 ' in printed
    assert Path('clean.txt').read_text().count('\n') == 2
    clips = ('--clip-len', '71', '--frame-interval', '1', '--drop-short')
    _, printed, _ = run_tool(*QUICK, *clips, '--write-clean', 'clean.txt')
    assert '2  shorter than a clip: fewer than 71 frames' in printed
    assert Path('clean.txt').read_text() == ''


def test_a_wrong_folder(run_tool):
    Path('empty').mkdir()
    code, printed, _ = run_tool('--videos', 'empty')
    assert code == 1
    assert '0 of them readable (0 %)' in printed
    assert '1. No video can be read. Is empty the folder' in printed


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (('--videos', 'elsewhere'), "there is no folder 'elsewhere'"),
        (('--picture', 'p.gif2'), "expected a name that ends in '.png'"),
        (('--out', 'videos'), "'videos' is a folder"),
        (('--write-clean', './list.txt'), 'is the list to be read'),
        (('--short-side', '33'), 'short_side must be an even number'),
        (('--config', 'none.py'), 'none.py'),
        (('--config', 'empty.py'), 'has no clip sampler of this package'),
        (('--config', 'a.py', '--num-clips', '2'), 'leave out num_clips'),
        (('--workers', '0'), "expected 1 or more, got '0'"),
        (('--sample', '-1'), "expected 0 or more, got '-1'"),
    ],
)
def test_misuse_ends_with_a_sentence(run_tool, args, message):
    Path('empty.py').touch()
    code, printed, errors = run_tool(*args)
    assert (code, printed) == (2, '')
    assert message in errors
    assert 'Traceback' not in errors


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', "the list 'list.txt' names no video"),
        ('a.mp4 0\nb.mp4\n', 'list.txt, line 2: expected a path'),
        (None, "no list of videos at 'list.txt'"),
    ],
)
def test_wrong_lists(run_tool, text, message):
    Path('list.txt').unlink()
    if text is not None:
        Path('list.txt').write_text(text)
    code, printed, errors = run_tool()
    assert (code, printed) == (2, '')
    assert errors.startswith(f'error: {message}')
    assert errors.count('\n') == 1

"""The command line of tools/data/prepare.py."""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import signal
import sys
import time
from pathlib import Path

import pytest
from encoded_video import encode

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.readers import open_reader

TOOL = Path(__file__).resolve().parents[3] / 'tools' / 'data' / 'prepare.py'
FORK = multiprocessing.get_context('fork')
PLACES = ('list.txt', '--videos', 'videos', '--out', 'out')


def call(*args):
    sys.argv = ['prepare.py', *map(str, args)]
    runpy.run_path(str(TOOL), run_name='__main__')


@pytest.fixture
def run_tool(tmp_path, monkeypatch):
    """Return a function that runs the tool beside three videos."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', [])
    Path('videos').mkdir()
    for number in range(3):
        encode(f'videos/{number}.mp4', num_frames=6, size=(60, 80))
    Path('list.txt').write_text('0.mp4 0\n2.mp4 5\n1.mp4 -1\n')
    return call


def test_options_reach_the_encoder(run_tool, capsys):
    options = ('--short-side', 32, '--gop', 3, '--crf', 30)
    run_tool(*PLACES, *options, '--preset', 'faster', '--workers', 2)
    assert read_list('out/list.txt') == read_list('list.txt')
    with open_reader('out/videos/2.mp4', 'pyav') as reader:
        assert reader.get_frames([5])[0].shape == (32, 42, 3)
    data = Path('out/videos/2.mp4').read_bytes()
    # x264 writes its settings into the stream.
    for setting in (b'keyint=3 ', b'crf=30.0', b'cabac=0', b'rc_lookahead=3'):
        assert setting in data
    settings = json.loads(Path('out/settings.json').read_text())
    assert settings['preset'] == 'faster'
    printed = capsys.readouterr()
    assert 'videos: 3, of which 3 are to be encoded' in printed.out
    assert 'out/list.txt: 3 of 3 videos' in printed.out
    assert 'kB, 0 bad: 3/3' in printed.err


def test_trying_out(run_tool, capsys):
    run_tool(*PLACES, '--dry-run')
    assert not Path('out').exists()
    run_tool(*PLACES, '--limit', '2')
    assert read_list('out/list.txt') == [('0.mp4', 0), ('2.mp4', 5)]
    run_tool(*PLACES, '--verify')
    assert len(read_list('out/list.txt')) == 3
    assert 'of which 1 are to be encoded' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--short-side', '31'], '^error: short_side must be an even'),
        (['--crf', '60'], r'^error: crf must be in \[0, 51\], got 60'),
        (['--workers', '0'], '^error: --workers must be 1 or more, got 0'),
        (['--limit', '-1'], '^error: --limit must be 1 or more, got -1'),
        (['--out', 'videos'], '^error: the new videos .* get mixed up'),
        (['--videos', 'none'], "^error: no folder of videos at 'none'"),
    ],
)
def test_errors_are_one_sentence(run_tool, options, message):
    with pytest.raises(SystemExit, match=message) as caught:
        run_tool(*PLACES, *options)
    assert '\n' not in str(caught.value)
    assert not Path('out').exists()


def test_a_missing_list_is_named(run_tool):
    with pytest.raises(SystemExit, match=r"^error: no list of .* 'no\.txt'"):
        run_tool('no.txt', *PLACES)


def test_an_interruption_ends_with_a_sentence(run_tool, tmp_path):
    for number in range(16):
        encode(f'videos/{number}.mp4', num_frames=30, size=(128, 128))
    lines = [f'{number}.mp4 0\n' for number in range(16)]
    Path('list.txt').write_text(''.join(lines))

    def work():
        errors = os.open('errors', os.O_WRONLY | os.O_CREAT)
        os.dup2(errors, 2)
        sys.stderr = os.fdopen(2, 'w')
        signal.signal(signal.SIGINT, signal.default_int_handler)
        call(*PLACES, '--workers', 2)

    process = FORK.Process(target=work)
    process.start()
    log = Path('out/manifest.jsonl')
    while not (log.exists() and log.stat().st_size):
        assert process.is_alive()
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGINT)
    process.join()
    assert process.exitcode == 130
    message = Path('errors').read_text()
    assert 'interrupted; what is finished is kept' in message
    assert 'Traceback' not in message
    assert not list(Path('out').rglob('*.part'))
    run_tool(*PLACES, '--workers', 2)
    assert len(read_list('out/list.txt')) == 16

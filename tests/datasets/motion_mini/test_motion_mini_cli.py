import importlib.util
import json
import signal
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / 'tools' / 'data' / 'make_motion_mini.py'


@pytest.fixture
def run(monkeypatch):
    spec = importlib.util.spec_from_file_location('make_motion_mini', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    handler = signal.getsignal(signal.SIGTERM)

    def call(*argv):
        monkeypatch.setattr(sys, 'argv', ['make_motion_mini.py', *argv])
        tool.main()

    yield call
    signal.signal(signal.SIGTERM, handler)


SMALL = ['--size', '16', '--num-frames', '4', '--workers', '1']
SMALL += ['--num-videos', '4', '2', '2']


def test_knobs_on_the_command_line_override_the_level(run, tmp_path, capsys):
    out = tmp_path / 'set'
    run(
        str(out), '--level', 'rich', *SMALL, '--jitter', '0', '--pan', '0',
        '--pairs', 'depth', 'orbit', '--travel', '0.2', '0.3', '--mirror',
        '0', '--clutter', '2', '--seed', '4', '--format', '.avi',
    )  # fmt: skip
    made = json.loads((out / 'manifest.json').read_text())
    knobs = made['knobs']
    assert (knobs['jitter'], knobs['pan'], knobs['clutter']) == (0, 0, 2)
    assert knobs['pairs'] == ['depth', 'orbit']
    assert knobs['travel'] == [0.2, 0.3]
    assert knobs['mirror'] is False
    assert knobs['grain'] == 6.0  # of the level
    assert made['seed'] == 4
    assert len(list((out / 'videos').glob('*.avi'))) == 8
    shown = capsys.readouterr().out
    assert '8/8 videos' in shown
    assert 'complete, 8 videos written' in shown


def test_a_number_of_pairs_takes_the_first_ones(run, tmp_path):
    run(str(tmp_path / 'set'), *SMALL, '--pairs', '3')
    made = json.loads((tmp_path / 'set' / 'manifest.json').read_text())
    assert made['knobs']['pairs'] == ['horizontal', 'vertical', 'depth']


@pytest.mark.parametrize(
    ('argv', 'says'),
    [
        (['--size', '15'], 'error: size must'),
        (['--pairs', 'sideways'], 'error: pairs must name'),
        (['--num-videos', '4', '3', '2'], 'error: val needs an even'),
        (['--sprite-dir', 'nowhere'], 'error: nowhere is not a folder'),
    ],
)
def test_bad_input_ends_in_one_line(run, tmp_path, argv, says):
    with pytest.raises(SystemExit, match=says):
        run(str(tmp_path / 'set'), *SMALL, *argv)
    assert not (tmp_path / 'set').exists()


def test_a_folder_that_cannot_be_made_is_one_line(run, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(SystemExit, match=r'error: .*file/set'):
        run(str(tmp_path / 'file' / 'set'), *SMALL)

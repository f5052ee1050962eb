"""The command line of the inferencer."""

import runpy
import sys
from contextlib import suppress

import numpy as np
import pytest
from config_files import ROOT

from vsslcodebase.apis import VideoFeatureInferencer
from vsslcodebase.evaluation.feature_files import open_features


@pytest.fixture
def infer(monkeypatch, capsys):
    """Run the tool as the command line does."""

    def run(*words):
        command = ['infer_features.py', *map(str, words), '--no-progress']
        monkeypatch.setattr(sys, 'argv', command)
        tool = ROOT / 'tools' / 'infer_features.py'
        with suppress(SystemExit):
            runpy.run_path(str(tool), run_name='__main__')
        shown = capsys.readouterr()
        return shown.out, shown.err

    return run


def test_it_writes_what_extract_features_writes(infer, call, folder, tmp_path):
    config, weights = folder / 'retrieve.py', folder / 'method.pth'
    call('extract_features', config, weights, '--out', tmp_path / 'tool')
    out = tmp_path / 'mine.npy'
    words = (config, folder / 'test.txt', '--weights', weights, '--out', out)
    printed, _ = infer(*words, '--num-workers', 0)
    assert f'{out}: 3 x 6' in printed
    mine, tools = open_features(out), open_features(tmp_path / 'tool/test.npy')
    np.testing.assert_array_equal(mine.videos.features, tools.videos.features)
    assert mine.videos.labels.tolist() == tools.videos.labels.tolist()
    for key in ('backbone', 'weights', 'layer', 'pool', 'level'):
        assert mine.settings[key] == tools.settings[key]


def test_errors_are_a_sentence(infer, folder, tmp_path):
    config, weights = folder / 'retrieve.py', folder / 'method.pth'
    broken, out = tmp_path / 'broken.mp4', tmp_path / 'out.npy'
    broken.write_bytes(b'no video')
    words = (config, broken, '--weights', weights, '--out', out)
    _, error = infer(*words)
    assert f'error: {broken}: ' in error
    assert '--on-error skip goes on' in error
    inputs = (folder / 'test.txt', '--on-error', 'skip', '--keep-clips')
    printed, _ = infer(
        config, broken, *inputs, '--weights', weights, '--out', out
    )
    assert f'{out}: 3 x 2 x 6' in printed
    assert '1 left out' in printed
    _, error = infer(*words)
    assert error.startswith('error: ')
    assert 'is there already' in error
    _, error = infer(config, broken, '--out', out, '--device', 'gpu')
    assert "--device: 'gpu' cannot be used here, expected cpu, cuda" in error


def test_an_interruption_is_a_sentence(infer, folder, tmp_path, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(VideoFeatureInferencer, 'forward', interrupt)
    out = tmp_path / 'out.npy'
    words = ('--weights', folder / 'method.pth', '--out', out)
    _, error = infer(
        *(folder / 'retrieve.py', folder / 'test.txt'),
        *(*words, '--num-workers', 0),
    )
    assert error.endswith('interrupted; nothing was written\n')
    assert not out.exists()

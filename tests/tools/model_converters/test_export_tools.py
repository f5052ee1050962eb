"""The command lines that export a network."""

import runpy
import sys
from contextlib import suppress

import numpy as np
import pytest
import torch
from config_files import ROOT
from mmengine.config import Config
from saved_toys import SMALL, publish

from vsslcodebase.checkpoints.input_contract import InputContract


@pytest.fixture
def call(monkeypatch, capsys):
    """Run a tool as the command line does; returns what it prints."""

    def run(name, *words):
        command = [f'{name}.py', *map(str, words)]
        monkeypatch.setattr(sys, 'argv', command)
        tool = ROOT / 'tools' / 'model_converters' / f'{name}.py'
        with suppress(SystemExit):
            runpy.run_path(str(tool), run_name='__main__')
        shown = capsys.readouterr()
        return shown.out, shown.err

    return run


@pytest.fixture
def source(tmp_path):
    return publish(tmp_path, 'smallr3d')


def test_to_recognizer(call, source, tmp_path):
    path, network = source
    out = tmp_path / 'out.pth'
    printed, _ = call('to_recognizer', path, out, '--num-classes', 7)
    assert f'{out}: 12 tensors' in printed
    assert 'SmallR3D, I3DHead of 7 classes (new); needs an import' in printed
    cfg = Config.fromfile(out.with_suffix('.py'))
    assert cfg.load_from == str(out)
    assert cfg.model.cls_head.num_classes == 7
    assert cfg.train_pipeline[1].frame_interval == 2
    state = torch.load(out, weights_only=True)['state_dict']
    for key, value in network.state_dict().items():
        assert torch.equal(state[f'backbone.{key}'], value)


def test_a_config_that_is_there_is_kept(call, source, tmp_path):
    out = tmp_path / 'out.pth'
    out.with_suffix('.py').write_text('mine = True\n')
    _, error = call('to_recognizer', source[0], out, '--num-classes', 7)
    assert 'out.py is there already, perhaps with changes of yours' in error
    assert out.with_suffix('.py').read_text() == 'mine = True\n'
    assert not out.exists()


def test_the_page_of_a_state_dict_builds_the_network(call, source, tmp_path):
    path, network = source
    out = tmp_path / 'bare.pth'
    call('to_state_dict', path, out)
    page = out.with_suffix('.md').read_text()
    code = page.split('```python\n')[1].split('```')[0]
    assert f"torch.load('{out.name}'" in code
    space = {}
    exec(code.replace(f"'{out.name}'", repr(str(out))), space)
    clips = torch.linspace(-1, 1, 6144).view(2, 3, 4, 16, 16)
    with torch.no_grad():
        assert torch.equal(space['network'](clips), network(clips))
    assert '- channels: blue, green, red' in page
    assert '- mean, which is subtracted: (0.4, 0.5, 0.6)' in page


def test_to_torchscript(call, source, tmp_path):
    path, network = source
    out = tmp_path / 'net.pt'
    printed, _ = call('to_torchscript', path, out)
    assert '(N, 3, 4, 16, 16) float32 BGR from -2.000 to 3.000' in printed
    clips = torch.linspace(-2, 2, 3072).view(1, 3, 4, 16, 16)
    with torch.no_grad():
        wanted = network(clips).mean((2, 3, 4))
        torch.testing.assert_close(torch.jit.load(out)(clips), wanted)


def test_to_onnx_of_another_size(call, tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    colours = InputContract(
        'rgb', (0.0, 255.0), (100.0,) * 3, (50.0,) * 3, None, (), 16, 16
    )
    path, network = publish(tmp_path, 'plain', colours, SMALL)
    out = tmp_path / 'net.onnx'
    words = (path, out, '--output', 'map', '--with-preprocess')
    _, error = call('to_onnx', *words)
    assert 'num_frames, frame_interval of a clip' in error
    words += ('--num-frames', 2, '--frame-interval', 1, '--size', 16, 24)
    printed, _ = call('to_onnx', *words)
    assert '(N, 3, 2, 16, 24) uint8 RGB -> map' in printed
    pixels = np.arange(2304, dtype=np.uint8).reshape(1, 3, 2, 16, 24)
    (maps,) = onnxruntime.InferenceSession(out).run(None, {'clips': pixels})
    clips = (torch.from_numpy(pixels).float() - 100) / 50
    with torch.no_grad():
        wanted = network(clips)
    np.testing.assert_allclose(maps, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ('tool', 'words', 'message'),
    [
        ('to_recognizer', ('{0}', '{1}/x.pth'), '--num-classes N'),
        ('to_recognizer', ('{0}', '{1}/x.py'), 'a config is a file .py'),
        ('to_state_dict', ('{0}', '{0}'), 'is IN and OUT'),
        ('to_state_dict', ('{0}', '{1}'), 'is a folder'),
        ('to_state_dict', ('{0}', '{1}/x.md'), 'name it .pth'),
        ('to_onnx', ('{1}/none.pth', '{1}/x.onnx'), 'no checkpoint file'),
        ('to_torchscript', ('{0}', '{1}/x.pt', '--format', 'pt2'), '.pt2'),
        (
            'to_torchscript',
            ('{0}', '{1}/x.pt', '--output', 'scores'),
            'no classifier that could give scores',
        ),
        (
            'to_torchscript',
            ('{0}', '{1}/x.pt', '--size', '1', '2', '3'),
            'height and width',
        ),
    ],
)
def test_errors_are_a_sentence(tool, words, message, call, source, tmp_path):
    filled = [word.format(source[0], tmp_path) for word in words]
    _, error = call(tool, *filled)
    sentence = error.splitlines()[-1]  # before it, the log
    assert sentence.startswith('error: ')
    assert message in sentence
    assert not list(tmp_path.glob('x.*'))

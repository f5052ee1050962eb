"""Exported files give what the network gives, for batches of any size."""

import json

import numpy as np
import pytest
import torch
from saved_toys import (
    FAMILIES,
    SMALL,
    publish,
    save_training,
    unsettled,
)
from torch import nn

from vsslcodebase.checkpoints.clip_shape import ClipShape, clip_shape
from vsslcodebase.checkpoints.exporters import traced
from vsslcodebase.checkpoints.exporters.traced import (
    to_onnx,
    to_pt2,
    to_torchscript,
)
from vsslcodebase.checkpoints.exporters.whole_network import WholeNetwork
from vsslcodebase.checkpoints.saved_network import open_saved
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.registry import MODELS

RECOGNIZER = """
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ClipDataPreprocessor'),
    backbone=dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2)),
    cls_head=dict(type='LinearClsHead', num_classes=3, in_channels=6))
"""


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pixels(batch, frames=4, size=16):
    shape = (batch, 3, frames, size, size)
    numbers = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    return torch.from_numpy(numbers)


def by_hand(network, clips, contract):
    """Mean features of uint8 RGB clips, from the numbers of a contract."""
    x = clips.double().flip(1) / 255
    for channel, (mean, std) in enumerate(zip(contract.mean, contract.std)):
        x[:, channel] = (x[:, channel] - mean) / std
    with torch.no_grad():
        return network(x.float()).mean((2, 3, 4))


def close(given, wanted):
    """As close as promised: 1e-4 of the largest number."""
    limit = traced.TOLERANCE * max(float(wanted.abs().max()), 1.0)
    torch.testing.assert_close(given, wanted, rtol=0, atol=limit)


def exported(saved, path, export, **options):
    shape = clip_shape(saved.contract)
    network = WholeNetwork(saved, **options)
    return export(network, path, shape, saved.contract)


@pytest.mark.parametrize('name', FAMILIES)
def test_torchscript_of_each_family(name, tmp_path):
    path, network = publish(tmp_path, name)
    saved = open_saved(path)
    out = tmp_path / 'new folder' / 'net.pt'
    assert exported(saved, out, to_torchscript, with_preprocess=True) < 1e-4
    about = {'input_contract.json': ''}
    script = torch.jit.load(out, _extra_files=about)
    assert json.loads(about['input_contract.json']) == saved.contract.to_dict()
    frames, size = FAMILIES[name][1]
    for batch in (1, 2, 3):
        clips = pixels(batch, frames, size)
        close(script(clips), by_hand(network, clips, saved.contract))
    assert [file.name for file in out.parent.iterdir()] == ['net.pt']


def test_torchscript_refuses_clips_of_another_size(tmp_path):
    path, _ = publish(tmp_path, 'smallr3d')
    out = tmp_path / 'net.pt'
    exported(open_saved(path), out, to_torchscript)
    script = torch.jit.load(out)
    with pytest.raises(torch.jit.Error, match='of another shape'):
        script(torch.zeros(2, 3, 8, 16, 16))


# All of them would take a minute; ONNX is made by torch.export, too.
@pytest.mark.parametrize('name', ['smallr3d'])
def test_pt2_of_a_network(name, tmp_path):
    path, network = publish(tmp_path, name)
    saved = open_saved(path)
    out = tmp_path / 'net.pt2'
    assert exported(saved, out, to_pt2, with_preprocess=True) < 1e-4
    program = torch.export.load(out).module()
    frames, size = FAMILIES[name][1]
    for batch in (1, 2, 3):
        clips = pixels(batch, frames, size)
        close(program(clips), by_hand(network, clips, saved.contract))


@pytest.mark.parametrize('name', ['slow50', 'motion'])
def test_onnx_of_some_families(name, tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    path, network = publish(tmp_path, name)
    saved = open_saved(path)
    out = tmp_path / 'net.onnx'
    assert exported(saved, out, to_onnx, with_preprocess=True) < 1e-4
    session = onnxruntime.InferenceSession(out)
    assert [node.name for node in session.get_outputs()] == ['features']
    about = session.get_modelmeta().custom_metadata_map['input_contract']
    assert json.loads(about) == saved.contract.to_dict()
    frames, size = FAMILIES[name][1]
    for batch in (1, 2, 3):
        clips = pixels(batch, frames, size)
        (features,) = session.run(None, {'clips': clips.numpy()})
        wanted = by_hand(network, clips, saved.contract)
        close(torch.from_numpy(features), wanted)
    assert [file.name for file in tmp_path.glob('*onnx*')] == ['net.onnx']


@pytest.mark.parametrize('export', [to_torchscript, to_pt2])
def test_a_network_in_training_is_exported_in_eval(export, tmp_path):
    path, backbone = publish(tmp_path, 'smallr3d')
    saved = open_saved(path)
    network = WholeNetwork(saved, with_preprocess=True).train()
    out = tmp_path / 'net.pt2'
    export(network, out, clip_shape(saved.contract), saved.contract)
    is_script = export is to_torchscript
    run = torch.jit.load(out) if is_script else torch.export.load(out).module()
    clips = pixels(1)
    close(run(clips), by_hand(backbone, clips, saved.contract))


def test_the_contract_of_a_file_is_of_its_clips(tmp_path):
    saved = open_saved(publish(tmp_path, 'smallr3d')[0])
    network, out = WholeNetwork(saved), tmp_path / 'net.pt'
    to_torchscript(network, out, ClipShape(2, 3, 8, 12), saved.contract)
    files = {traced.CONTRACT_FILE: ''}
    torch.jit.load(out, _extra_files=files)
    found = json.loads(files[traced.CONTRACT_FILE])
    wanted = saved.contract.to_dict()
    assert wanted['num_frames'] == 4
    wanted.update(num_frames=2, frame_interval=[3], height=8, width=12)
    assert found == wanted


@pytest.fixture
def classifier(tmp_path):
    """A linear evaluation, whose features are standardised."""
    cfg = dict(
        type='Recognizer3D',
        data_preprocessor=dict(type='ClipDataPreprocessor'),
        backbone=SMALL,
        cls_head=dict(type='LinearClsHead', num_classes=3, in_channels=6),
    )
    model = MODELS.build({**cfg, '_scope_': 'vsslcodebase'})
    unsettled(model)
    torch.nn.init.uniform_(model.cls_head.norm.running_var, 0.5, 1.5)
    return save_training(tmp_path, model, RECOGNIZER), model


def test_scores_of_a_classifier(classifier, tmp_path):
    path, model = classifier
    saved = open_saved(path)
    network = WholeNetwork(saved)
    assert network.output == 'scores'
    out = tmp_path / 'net.pt'
    to_torchscript(network, out, ClipShape(4, 1, 16, 16), saved.contract)
    clips = saved.contract.normalise(pixels(3))
    with torch.no_grad():
        wanted = model.cls_head(model.backbone(clips))
    close(torch.jit.load(out)(clips), wanted)
    maps = WholeNetwork(saved, output='map')(clips)
    assert torch.equal(maps, model.backbone(clips).detach())


def test_there_are_no_scores_without_a_classifier(tmp_path):
    saved = open_saved(publish(tmp_path, 'smallr3d')[0])
    with pytest.raises(UsageError, match='no classifier that could give'):
        WholeNetwork(saved, output='scores')
    with pytest.raises(UsageError, match="got 'logits'"):
        WholeNetwork(saved, output='logits')


class Contrary(nn.Module):
    """Computes something else for batches of the size it is traced with."""

    def forward(self, x):
        return x * 2 if len(x) == 2 else x


@pytest.mark.parametrize(
    ('export', 'message'),
    [
        (to_torchscript, r'^Contrary does not survive .* TorchScript: its'),
        (to_pt2, r'^Contrary cannot be exported to torch\.export: .*batch'),
    ],
)
def test_a_network_that_cannot_be_exported_is_told(export, message, tmp_path):
    saved = open_saved(publish(tmp_path, 'smallr3d')[0])
    network = WholeNetwork(saved)
    network.backbone = Contrary()
    with pytest.raises(UsageError, match=message) as error:
        export(
            network,
            tmp_path / 'net.pt2',
            clip_shape(saved.contract),
            saved.contract,
        )
    assert '\n' not in str(error.value)
    assert not list(tmp_path.glob('net*'))


def test_onnx_without_its_packages(tmp_path, monkeypatch):
    saved = open_saved(publish(tmp_path, 'smallr3d')[0])
    monkeypatch.setattr(traced, 'find_spec', lambda name: None)
    with pytest.raises(UsageError, match=r'onnx and onnxscript .*\[export\]'):
        exported(saved, tmp_path / 'net.onnx', to_onnx)

"""The tools, from a peer's file to a backbone that a config builds."""

import pytest
import torch
from peer_files import pretrained, run_tool
from peer_toys import (
    assert_same_features,
    only_file,
    random_clip,
    random_frames,
)

from vsslcodebase.checkpoints.importers import Imported, cvrl
from vsslcodebase.checkpoints.importers.command import (
    in_words,
    parts,
    summary,
    usage,
)
from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import (
    build_backbone,
    read_published,
)
from vsslcodebase.registry import MODELS

CFG = dict(
    type='VideoResNet3d', depth=50, base_channels=2, conv1_kernel=(1, 7, 7)
)


def in_names_of_mmaction2(folder, name='a peer (1).pth'):
    """Write a checkpoint of a small Recognizer3D; return path and network."""
    torch.manual_seed(0)
    network = MODELS.build(CFG).eval()
    state = {f'backbone.{k}': v for k, v in network.state_dict().items()}
    state['cls_head.fc_cls.weight'] = torch.zeros(3, 64)
    cfg = """
model = dict(
    type='Recognizer3D',
    backbone=dict(
        type='ResNet3d', depth=50, base_channels=2, conv1_kernel=(1, 7, 7)),
    data_preprocessor=dict(
        type='ActionDataPreprocessor', mean=[1, 2, 3], std=[4, 5, 6],
        format_shape='NCTHW'))
"""
    path = folder / name
    torch.save(dict(meta=dict(cfg=cfg), state_dict=state), path)
    return path, network


def test_a_tool_writes_a_backbone_that_a_config_loads(tmp_path, capsys):
    source, theirs = in_names_of_mmaction2(tmp_path)
    folder = tmp_path / 'new' / 'folder'
    assert run_tool('from_mmaction2.py', source, folder) == 0
    path = only_file(folder)
    assert path.name.startswith('a-peer-1_')
    clip = random_clip(1, 3, 4, 32, 32)
    with torch.no_grad():
        features = theirs(clip)
    published = read_published(path)
    assert published.meta['source'] == 'mmaction2'
    assert published.contract.mean == (1, 2, 3)
    assert_same_features(build_backbone(published), features, clip)
    imported = Imported({}, CFG, published.contract, 'mmaction2', [])
    assert_same_features(pretrained(imported, path), features, clip)
    said = capsys.readouterr().out
    assert str(path) in said
    assert 'left out: cls_head.fc_cls (1)' in said


def test_what_a_tool_says_to_put_in_a_config_works(tmp_path, capsys):
    source, theirs = in_names_of_mmaction2(tmp_path)
    run_tool('from_mmaction2.py', source, tmp_path / 'out', '--name', 'slow')
    said = capsys.readouterr().out
    assert only_file(tmp_path / 'out').name.startswith('slow_')
    lines = said.partition('in a config:\n')[2].splitlines()
    scope = {}
    exec('\n'.join(line[4:] for line in lines), scope)
    model = scope['model']
    ours = MODELS.build(model['backbone'])
    ours.init_weights()
    clip = random_clip(1, 3, 4, 32, 32)
    with torch.no_grad():
        assert_same_features(ours.eval(), theirs(clip), clip)
    shown = MODELS.build(model['data_preprocessor'])(
        dict(inputs=torch.zeros(1, 1, 3, 1, 1, 1, dtype=torch.uint8))
    )['inputs']
    assert shown.flatten().tolist() == pytest.approx([-1 / 4, -2 / 5, -0.5])


def test_same_input_gives_the_same_file(tmp_path):
    source, _ = in_names_of_mmaction2(tmp_path)
    for _ in range(2):
        assert run_tool('from_mmaction2.py', source, tmp_path / 'out') == 0
    only_file(tmp_path / 'out')


def test_errors_of_a_tool_are_a_sentence_that_names_the_file(tmp_path, capsys):
    source, _ = in_names_of_mmaction2(tmp_path)
    out = tmp_path / 'out'
    assert run_tool('from_pyslowfast.py', source, out) == 2
    said = capsys.readouterr().err
    assert said.startswith(f'error: {source}: ')
    assert 'it looks like a file for from_mmaction2.py' in said
    assert run_tool('from_mmaction2.py', tmp_path / 'none.pth', out) == 2
    assert 'no checkpoint file at' in capsys.readouterr().err
    assert run_tool('from_mmaction2.py', source, source) == 2
    assert 'OUT is a folder' in capsys.readouterr().err
    assert run_tool('from_mmaction2.py', source, out, '--name', 'a/b') == 2
    assert 'letters, digits' in capsys.readouterr().err
    assert not out.exists()


def test_a_missing_tensor_is_named_with_the_file(tmp_path, capsys):
    source, _ = in_names_of_mmaction2(tmp_path)
    content = torch.load(source)
    del content['state_dict']['backbone.layer4.2.conv3.bn.bias']
    torch.save(content, source)
    assert run_tool('from_mmaction2.py', source, tmp_path / 'out') == 2
    said = capsys.readouterr().err
    assert 'missing in the file (1): layer4.2.conv3.bn.bias' in said
    assert str(source) in said


def test_a_class_of_mmaction2_is_named_as_load_from(tmp_path):
    """Its init_cfg would be passed over, and the weights be random."""
    backbone = dict(type='mmaction.C3D')
    imported = Imported({}, backbone, cvrl.CONTRACT, 'mmaction2', [])
    said = summary(imported, tmp_path / 'c3d.pth')
    assert f'load_from = {str(tmp_path / "c3d.pth")!r}' in said
    assert 'init_cfg' not in said


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
def test_the_colours_of_a_config_are_on_0_to_255(tmp_path, order):
    contract = InputContract(
        order, (0.0, 1.0), (0.5, 0.4, 0.2), (1.0, 0.5, 0.2)
    )
    imported = Imported({}, CFG, contract, 'x', [])
    scope = {}
    exec(usage(imported, tmp_path / 'x.pth'), scope)
    preprocessor = MODELS.build(scope['model']['data_preprocessor'])
    frames = random_frames(3, 2, 4, 4)
    shown = preprocessor(dict(inputs=frames[None, None]))['inputs'][0, 0]
    torch.testing.assert_close(
        shown, contract.normalise(frames), rtol=0, atol=1e-5
    )


def test_left_out_keys_are_counted_by_part():
    keys = ['ptr', 'net.head.w', 'net.head.b', 'ema.a.w', 'ema.b.w']
    assert parts(keys) == 'ptr (1), net.head (2), ema (2)'


def test_what_is_expected_is_said_in_words():
    assert in_words(cvrl.CONTRACT) == (
        '16 frames of stride 2, 224 x 224 pixels, RGB between 0 and 1, mean '
        '(0, 0, 0), std (1, 1, 1)'
    )


@pytest.mark.parametrize('peer', ['pyslowfast', 'cvrl', 'mmaction2'])
def test_the_tools_explain_themselves(peer, capsys):
    assert run_tool(f'from_{peer}.py', '--help') == 0
    said = capsys.readouterr().out
    assert f'python tools/model_converters/from_{peer}.py' in said
    assert 'docs/importing.md' in said

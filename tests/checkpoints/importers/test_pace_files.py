"""Official Pace networks: the same features from their files as from ours."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from pace_networks import C3D, PEERS, S3D, ResNet, shaken, whole
from peer_files import pretrained, run_tool, save, shapes
from peer_toys import (
    assert_same_features,
    only_file,
    random_clip,
    random_frames,
)

from vsslcodebase.checkpoints.contract_check import check_checkpoints
from vsslcodebase.checkpoints.importers import pace, rename
from vsslcodebase.checkpoints.input_contract import (
    InputContract,
    contract_of_config,
    differences,
)
from vsslcodebase.checkpoints.published import build_backbone, read_published
from vsslcodebase.compat import CheckpointError
from vsslcodebase.registry import MODELS

CONFIGS = Path(__file__).parents[3] / 'configs'
BASES = {'c3d': 'c3d', 'r3d': 'r3d10', 'r21d': 'r2plus1d10', 's3d': 's3dg'}
COMMAND = 'from_pace.py'


@pytest.fixture(scope='module', params=PEERS)
def peer(request):
    return request.param, shaken(request.param)


def official(path, network, **options):
    """Write what ``model_saver`` of train.py writes."""
    state = network.state_dict()
    return save(path, state, epoch=17, opt_dict=dict(state={}), **options)


def test_the_tool_writes_a_file_with_their_features(tmp_path, peer):
    name, theirs = peer
    path = official(tmp_path / 'epoch-18.pth.tar', theirs, parallel=True)
    out = tmp_path / 'out'
    assert run_tool(COMMAND, path, out, '--variant', name) == 0
    published = read_published(only_file(out))
    clip = random_clip(1, 3, 8, 48, 32)
    expected = theirs(clip)
    assert_same_features(build_backbone(published), expected, clip)
    config = Config.fromfile(CONFIGS / f'_base_/backbones/{BASES[name]}.py')
    imported = pace.convert(path)._replace(backbone=dict(config.backbone))
    ours = pretrained(imported, published.path, base_channels=8)
    assert_same_features(ours, expected, clip)
    assert published.meta['source'] == 'video-pace'


def test_classifiers_are_left_out(tmp_path, peer):
    name, theirs = peer
    layer = 'fc' if name == 's3d' else 'linear'
    imported = pace.convert(official(tmp_path / 'x', theirs))
    assert imported.left_out == [f'{layer}.weight', f'{layer}.bias']


def test_names_and_shapes_of_the_full_network_are_ours(peer):
    name = peer[0]
    config = Config.fromfile(CONFIGS / f'_base_/backbones/{BASES[name]}.py')
    with torch.device('meta'):
        theirs = PEERS[name](64).state_dict()
        ours = MODELS.build(config.backbone).state_dict()
    variant = pace.VARIANTS[name]
    assert pace.network_of(theirs) == name
    renamed, _ = rename(theirs, variant.rules, name)
    assert shapes(renamed) == shapes(ours)
    plain = {**config.backbone}
    if 'num_blocks' in plain:
        plain['num_blocks'] = tuple(plain['num_blocks'])
    assert variant.backbone == plain


@pytest.mark.parametrize('height', [28, 32, 40])
def test_pools_of_s3dg_agree_where_their_maps_are_even(tmp_path, height):
    """Official inputs are; others differ, as docs/importing.md says."""
    theirs = shaken('s3d')
    imported = pace.convert(official(tmp_path / 'x', theirs))
    ours = MODELS.build(imported.backbone).eval()
    ours.load_state_dict(imported.state)
    clip = random_clip(1, 3, 8, height, 32)
    with torch.no_grad():
        expected, found = theirs(clip), ours(clip)
    gap = (expected - found).abs().max() / expected.abs().max()
    assert (gap < 1e-5) == (height == 32)


def test_contract_says_bgr_as_read_by_opencv(tmp_path, peer):
    name, theirs = peer
    frames, size = (64, 224) if name == 's3d' else (16, 112)
    contract = pace.convert(official(tmp_path / 'x', theirs)).contract
    assert contract == InputContract(
        'bgr',
        (0.0, 255.0),
        (0.0, 0.0, 0.0),
        (1.0, 1.0, 1.0),
        num_frames=frames,
        frame_interval=(1, 2, 3, 4),
        height=size,
        width=size,
    )
    clip = random_frames(3, 4, 5, 5)
    assert torch.equal(contract.normalise(clip), clip[[2, 1, 0]].float())


@pytest.mark.parametrize(
    'name',
    ['pace_r3d10_ucf101', 'pace_same-context-fc_s3dg_ucf101'],
)
def test_our_configs_of_the_paper_show_other_colours(name):
    config = Config.fromfile(CONFIGS / f'pace/{name}.py')
    variant = pace.VARIANTS['s3d' if 's3dg' in name else 'r3d']
    found = differences(contract_of_config(config), variant.contract)
    colours = {each.name for each in found if each.is_colour}
    assert colours == {'channel_order', 'std'}
    assert {each.name for each in found} == colours


def test_our_evaluation_refuses_the_file_or_adapts(tmp_path):
    path = official(tmp_path / 'x.tar', PEERS['r3d']())
    assert run_tool(COMMAND, path, tmp_path / 'out') == 0
    leaf = CONFIGS / 'eval/retrieval/retrieval_r3d10_ucf101.py'
    config = Config.fromfile(leaf)
    file = str(only_file(tmp_path / 'out'))
    config.model.backbone.init_cfg.checkpoint = file
    with pytest.raises(
        CheckpointError,
        match=r'trained on BGR, .* shows it RGB, .* channel_order, std',
    ):
        check_checkpoints(config, 'test')
    config.adapt_inputs = True
    assert check_checkpoints(config, 'test')
    adapted = contract_of_config(config, 'test')
    contract = pace.convert(path).contract
    found = [each.name for each in differences(adapted, contract)]
    assert found == ['frame_interval']  # 1 there, 1 to 4 in training


@pytest.mark.parametrize('wanted', PEERS)
def test_another_variant_is_named(tmp_path, peer, wanted):
    name, theirs = peer
    path = official(tmp_path / 'x.tar', theirs)
    if name == wanted:
        assert pace.convert(path, wanted).backbone['base_channels'] == 8
        return
    with pytest.raises(
        ValueError, match=rf'x\.tar holds the network {name}, .* {wanted};'
    ):
        pace.convert(path, wanted)


def test_an_unknown_key_is_named(tmp_path, peer):
    theirs = peer[1].state_dict()
    theirs['conv6.weight'] = torch.zeros(1)
    path = save(tmp_path / 'x.tar', theirs)
    with pytest.raises(
        ValueError, match=r'x\.tar: 1 of .* known: conv6\.weight;'
    ):
        pace.convert(path)


def test_a_deeper_network_is_refused(tmp_path):
    state = ResNet(whole).state_dict()
    key = 'conv2.blocks.0.conv1.temporal_spatial_conv.weight'
    path = save(tmp_path / 'x', {**state, key: torch.zeros(1)})
    with pytest.raises(ValueError, match=r'known: conv2\.blocks\.0'):
        pace.convert(path)


def test_a_missing_key_is_named(tmp_path, capsys):
    state = C3D().state_dict()
    del state['bn4a.running_var']
    path = save(tmp_path / 'x.tar', state)
    assert run_tool(COMMAND, path, tmp_path / 'out') == 2
    message = capsys.readouterr().err
    assert 'missing in the file (1): conv4.0.bn.running_var' in message
    assert 'x.tar' in message


def test_the_stem_of_howto100m_is_refused(tmp_path):
    state = S3D().state_dict()
    state['conv1.conv1.weight'] = torch.zeros(64, 24, 2, 4, 4)
    path = save(tmp_path / 'x.pth', state, under=None)
    with pytest.raises(
        ValueError, match=r'x\.pth .*HowTo100M: conv1\.conv1\.weight is \(64,'
    ):
        pace.convert(path)


def test_files_of_other_peers_are_named(tmp_path):
    vcop = {f'base_network.{k}': v for k, v in C3D().state_dict().items()}
    path = save(tmp_path / 'vcop.pt', vcop, under=None)
    with pytest.raises(ValueError, match=r'base_network\.conv1\.weight'):
        pace.convert(path)
    state = dict.fromkeys(
        ('stem.0.weight', 'stem.1.bias', 'fc.bias'), torch.zeros(1)
    )
    path = save(tmp_path / 'x.pth', state, under=None)
    with pytest.raises(ValueError, match='looks like a file for from_torchv'):
        pace.convert(path)

"""torchvision's ResNets: the same features from their files as from ours."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from peer_files import pretrained, run_tool, save, shapes
from peer_toys import assert_same_features, only_file, random_clip, shake
from torch import nn

from vsslcodebase.checkpoints.importers import rename, torchvision
from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import build_backbone, read_published
from vsslcodebase.registry import MODELS

BASES = Path(__file__).parents[3] / 'configs' / '_base_' / 'backbones'
NAMES = ('r3d_18', 'mc3_18', 'r2plus1d_18')


def whole(inside, out, between, stride):
    return nn.Conv3d(inside, out, 3, stride, 1, bias=False)


def flat(inside, out, between, stride):
    return nn.Conv3d(
        inside, out, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False
    )


def split(inside, out, between, stride):
    return nn.Sequential(
        flat(inside, between, None, stride),
        nn.BatchNorm3d(between),
        nn.ReLU(),
        nn.Conv3d(
            between, out, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False
        ),
    )


class Block(nn.Module):
    """A basic block, both of whose convolutions have one mid width."""

    def __init__(self, conv, inside, out, stride):
        super().__init__()
        between = (inside * out * 27) // (inside * 9 + 3 * out)
        self.conv1 = nn.Sequential(
            conv(inside, out, between, stride), nn.BatchNorm3d(out), nn.ReLU()
        )
        self.conv2 = nn.Sequential(
            conv(out, out, between, 1), nn.BatchNorm3d(out)
        )
        self.downsample = None
        if stride > 1:
            time = 1 if conv is flat else stride
            self.downsample = nn.Sequential(
                nn.Conv3d(inside, out, 1, (time, stride, stride), bias=False),
                nn.BatchNorm3d(out),
            )

    def forward(self, x):
        direct = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.conv2(self.conv1(x)) + direct)


class VideoResNet(nn.Module):
    """The modules of ``torchvision.models.video``, without its weights."""

    def __init__(self, name='r3d_18', width=8):
        super().__init__()
        units = {
            'r3d_18': [whole] * 4,
            'mc3_18': [whole, flat, flat, flat],
            'r2plus1d_18': [split] * 4,
        }[name]
        space = ((1, 7, 7), (1, 2, 2), (0, 3, 3))
        if name == 'r2plus1d_18':
            self.stem = nn.Sequential(
                nn.Conv3d(3, 45, *space, bias=False),
                nn.BatchNorm3d(45),
                nn.ReLU(),
                nn.Conv3d(45, width, (3, 1, 1), 1, (1, 0, 0), bias=False),
                nn.BatchNorm3d(width),
                nn.ReLU(),
            )
        else:
            self.stem = nn.Sequential(
                nn.Conv3d(
                    3, width, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False
                ),
                nn.BatchNorm3d(width),
                nn.ReLU(),
            )
        inside = width
        for stage, conv in enumerate(units):
            out = width * 2**stage
            layer = nn.Sequential(
                Block(conv, inside, out, 2 if stage else 1),
                Block(conv, out, out, 1),
            )
            self.add_module(f'layer{stage + 1}', layer)
            inside = out
        self.fc = nn.Linear(inside, 5)

    def forward(self, x):
        x = self.stem(x)
        for stage in range(1, 5):
            x = getattr(self, f'layer{stage}')(x)
        return x


@pytest.fixture(scope='module', params=NAMES)
def peer(request):
    return request.param, shake(VideoResNet(request.param))


def test_the_tool_writes_a_file_with_their_features(tmp_path, peer, capsys):
    name, theirs = peer
    path = save(tmp_path / f'{name}.pth', theirs.state_dict(), under=None)
    out = tmp_path / 'out'
    assert run_tool('from_torchvision.py', path, out, '--variant', name) == 0
    published = read_published(only_file(out))
    clip = random_clip(2, 3, 5, 33, 40)
    expected = theirs(clip)
    assert_same_features(build_backbone(published), expected, clip)
    imported = torchvision.convert(path)
    ours = pretrained(imported, published.path)
    assert_same_features(ours, expected, clip)
    assert published.meta['kind'] == 'backbone'
    assert published.meta['source'] == 'torchvision'
    assert 'left out: fc (2)' in capsys.readouterr().out


@pytest.mark.parametrize('name', NAMES)
def test_a_training_under_ddp_is_read_alike(tmp_path, name):
    state = VideoResNet(name).state_dict()
    bare = torchvision.convert(save(tmp_path / 'a', state, under=None))
    path = save(
        tmp_path / 'b', state, under='model', parallel=True, optimizer={}
    )
    imported = torchvision.convert(path)
    assert imported.backbone == bare.backbone
    assert imported.left_out == bare.left_out == ['fc.weight', 'fc.bias']
    for key, tensor in bare.state.items():
        assert torch.equal(imported.state[key], tensor)


@pytest.mark.parametrize(
    ('name', 'base'), [('r3d_18', 'r3d18'), ('r2plus1d_18', 'r2plus1d18')]
)
def test_the_network_is_that_of_our_config(name, base):
    config = Config.fromfile(BASES / f'{base}.py').backbone
    assert torchvision.VARIANTS[name].backbone == {
        **config,
        'num_blocks': tuple(config.num_blocks),
    }


@pytest.mark.parametrize('name', NAMES)
def test_names_and_shapes_of_the_full_network_are_ours(name):
    variant = torchvision.VARIANTS[name]
    with torch.device('meta'):
        theirs = VideoResNet(name, width=64).state_dict()
        ours = MODELS.build(dict(variant.backbone)).state_dict()
    renamed, _ = rename(theirs, variant.rules, name)
    assert shapes(renamed) == shapes(ours)
    assert torchvision.network_of(theirs) == name


def test_contract_is_that_of_the_weights(tmp_path):
    path = save(tmp_path / 'x.pth', VideoResNet().state_dict(), under=None)
    contract = torchvision.convert(path).contract
    assert contract == InputContract(
        'rgb',
        (0.0, 1.0),
        (0.43216, 0.394666, 0.37645),
        (0.22803, 0.22145, 0.216989),
        num_frames=16,
        frame_interval=(2,),
        height=112,
        width=112,
    )


@pytest.mark.parametrize('wanted', ['mc3_18', 'r2plus1d_18'])
def test_another_variant_is_named(tmp_path, capsys, wanted):
    path = save(tmp_path / 'x.pth', VideoResNet().state_dict(), under=None)
    words = path, tmp_path / 'out', '--variant', wanted
    assert run_tool('from_torchvision.py', *words) == 2
    message = capsys.readouterr().err
    assert f'x.pth holds the network r3d_18, expected {wanted}' in message
    assert 'give --variant r3d_18' in message
    assert not (tmp_path / 'out').exists()


def test_variants_that_are_none(tmp_path):
    path = save(tmp_path / 'x.pth', VideoResNet().state_dict(), under=None)
    with pytest.raises(ValueError, match="r2plus1d_18, got 's3d'"):
        torchvision.convert(path, 's3d')


def test_an_unknown_key_is_named(tmp_path):
    state = VideoResNet().state_dict()
    state['layer3.2.conv1.0.weight'] = torch.zeros(1)  # of a deeper network
    path = save(tmp_path / 'x.pth', state, under=None)
    with pytest.raises(
        ValueError, match=r'x\.pth: 1 of .* known: layer3\.2\.conv1\.0\.weight'
    ):
        torchvision.convert(path)


def test_a_missing_key_is_named(tmp_path, capsys):
    state = VideoResNet().state_dict()
    del state['layer3.1.conv2.1.running_var']
    path = save(tmp_path / 'x.pth', state, under=None)
    out = tmp_path / 'out'
    assert run_tool('from_torchvision.py', path, out) == 2
    message = capsys.readouterr().err
    assert 'x.pth' in message
    assert 'missing in the file (1): conv4.1.conv2.bn.running_var' in message
    assert not out.exists()


def test_files_that_hold_none_of_them(tmp_path):
    pace = dict.fromkeys(
        ('conv1.temporal_spatial_conv.weight', 'bn1.weight', 'linear.bias'),
        torch.zeros(1),
    )
    path = save(tmp_path / 'x.pth', pace)
    with pytest.raises(ValueError, match=r'x\.pth: 3 of 3 .* from_pace\.py'):
        torchvision.convert(path)
    state = VideoResNet().state_dict()
    del state['stem.0.weight']
    path = save(tmp_path / 'y.pth', state)
    with pytest.raises(ValueError, match=r'y\.pth holds none of r3d_18, mc3'):
        torchvision.convert(path)

"""Official Pace networks: the same features from their files as from ours."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from peer_files import pretrained, run_tool, save, shapes
from peer_toys import (
    assert_same_features,
    only_file,
    random_clip,
    random_frames,
    shake,
)
from torch import nn

from vsslcodebase.compat import CheckpointError
from vsslcodebase.registry import MODELS
from vsslcodebase.zoo.contract_check import check_checkpoints
from vsslcodebase.zoo.importers import pace, rename
from vsslcodebase.zoo.input_contract import (
    InputContract,
    contract_of_config,
    differences,
)
from vsslcodebase.zoo.published import build_backbone, read_published

CONFIGS = Path(__file__).parents[3] / 'configs'
MIXED = {
    '3b': (192, 64, 96, 128, 16, 32, 32),
    '3c': (256, 128, 128, 192, 32, 96, 64),
    '4b': (480, 192, 96, 208, 16, 48, 64),
    '4c': (512, 160, 112, 224, 24, 64, 64),
    '4d': (512, 128, 128, 256, 24, 64, 64),
    '4e': (512, 112, 144, 288, 32, 64, 64),
    '4f': (528, 256, 160, 320, 32, 128, 128),
    '5b': (832, 256, 160, 320, 32, 128, 128),
    '5c': (832, 384, 192, 384, 48, 128, 128),
}


class C3D(nn.Module):
    """C3D with norms, its layers in a row."""

    def __init__(self, width=8):
        super().__init__()
        inside = 3
        plan = zip(('1', '2', '3a', '3b', '4a', '4b', '5a', '5b'), '12448888')
        for name, times in plan:
            out = int(times) * width
            self.add_module(f'conv{name}', nn.Conv3d(inside, out, 3, 1, 1))
            self.add_module(f'bn{name}', nn.BatchNorm3d(out))
            inside = out
        self.linear = nn.Linear(inside, 4)

    def forward(self, x):
        for names in ('1', '2', ('3a', '3b'), ('4a', '4b'), ('5a', '5b')):
            for name in names:
                conv, norm = f'conv{name}', f'bn{name}'
                x = torch.relu(getattr(self, norm)(getattr(self, conv)(x)))
            if '5a' not in names:
                size = (1, 2, 2) if names == '1' else (2, 2, 2)
                x = nn.functional.max_pool3d(x, size)
        return x


def whole(inside, out, kernel, stride):
    """Return the SpatioTemporalConv of models/r3d.py."""
    pad = [length // 2 for length in kernel]
    conv = nn.Conv3d(inside, out, kernel, stride, pad, bias=False)
    return nn.Sequential(OrderedDict(temporal_spatial_conv=conv))


def split(inside, out, kernel, stride):
    """Return the SpatioTemporalConv of models/r21d.py."""
    t, h, w = kernel
    between = (t * h * w * inside * out) // (h * w * inside + t * out)
    return nn.Sequential(
        OrderedDict(
            spatial_conv=nn.Conv3d(
                inside,
                between,
                (1, h, w),
                (1, *stride[1:]),
                (0, h // 2, w // 2),
                bias=False,
            ),
            bn=nn.BatchNorm3d(between),
            relu=nn.ReLU(),
            temporal_conv=nn.Conv3d(
                between,
                out,
                (t, 1, 1),
                (stride[0], 1, 1),
                (t // 2, 0, 0),
                bias=False,
            ),
        )
    )


class Block(nn.Module):
    def __init__(self, conv, inside, out):
        super().__init__()
        stride = (2, 2, 2) if out > inside else (1, 1, 1)
        if out > inside:
            self.downsampleconv = conv(inside, out, (1, 1, 1), stride)
            self.downsamplebn = nn.BatchNorm3d(out)
        self.conv1 = conv(inside, out, (3, 3, 3), stride)
        self.bn1 = nn.BatchNorm3d(out)
        self.conv2 = conv(out, out, (3, 3, 3), (1, 1, 1))
        self.bn2 = nn.BatchNorm3d(out)

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if hasattr(self, 'downsampleconv'):
            x = self.downsamplebn(self.downsampleconv(x))
        return torch.relu(x + y)


class ResNet(nn.Module):
    """R3DNet or R2Plus1DNet, one block a stage."""

    def __init__(self, conv, width=8):
        super().__init__()
        self.conv1 = conv(3, width, (3, 7, 7), (1, 2, 2))
        self.bn1 = nn.BatchNorm3d(width)
        inside = width
        for stage in range(2, 6):
            out = width * 2 ** (stage - 2)
            block = Block(conv, inside, out)
            self.add_module(
                f'conv{stage}', nn.Sequential(OrderedDict(block1=block))
            )
            inside = out
        self.linear = nn.Linear(inside, 4)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for stage in (self.conv2, self.conv3, self.conv4, self.conv5):
            x = stage(x)
        return x


class Unit(nn.Module):
    """STConv3D of models/s3d_g.py: convolutions numbered from 1."""

    def __init__(self, inside, out, *kernels, stride=1):
        super().__init__()
        self.count = len(kernels)
        for i, kernel in enumerate(kernels, start=1):
            pad = [length // 2 for length in kernel]
            conv = nn.Conv3d(inside, out, kernel, stride, pad, bias=False)
            self.add_module(f'conv{i}', conv)
            self.add_module(f'bn{i}', nn.BatchNorm3d(out))
            inside = out

    def forward(self, x):
        for i in range(1, self.count + 1):
            conv, norm = getattr(self, f'conv{i}'), getattr(self, f'bn{i}')
            x = torch.relu(norm(conv(x)))
        return x


POINT = ((1, 1, 1),)
SPACE_TIME = ((1, 3, 3), (3, 1, 1))


class Gate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Linear(channels, channels)

    def forward(self, x):
        return x * self.fc(x.mean((2, 3, 4))).sigmoid()[..., None, None, None]


class Mixed(nn.Module):
    def __init__(self, inside, *widths):
        super().__init__()
        direct, narrow1, wide1, narrow2, wide2, pooled = widths
        self.conv_b0 = Unit(inside, direct, *POINT)
        self.conv_b1_a = Unit(inside, narrow1, *POINT)
        self.conv_b1_b = Unit(narrow1, wide1, *SPACE_TIME)
        self.conv_b2_a = Unit(inside, narrow2, *POINT)
        self.conv_b2_b = Unit(narrow2, wide2, *SPACE_TIME)
        self.conv_b3_b = Unit(inside, pooled, *POINT)
        for i, channels in enumerate((direct, wide1, wide2, pooled)):
            self.add_module(f'gating_b{i}', Gate(channels))

    def forward(self, x):
        pooled = nn.functional.max_pool3d(x, 3, 1, 1)
        return torch.cat(
            [
                self.gating_b0(self.conv_b0(x)),
                self.gating_b1(self.conv_b1_b(self.conv_b1_a(x))),
                self.gating_b2(self.conv_b2_b(self.conv_b2_a(x))),
                self.gating_b3(self.conv_b3_b(pooled)),
            ],
            1,
        )


class S3D(nn.Module):
    """S3D-G of models/s3d_g.py with ``space_to_depth=False``."""

    def __init__(self, width=8):
        super().__init__()
        self.conv1 = Unit(3, width, (3, 7, 7), stride=2)
        self.conv_2b = Unit(width, width, *POINT)
        self.conv_2c = Unit(width, 3 * width, *SPACE_TIME)
        self.gating = Gate(3 * width)
        for name, widths in MIXED.items():
            scaled = (width * channels // 64 for channels in widths)
            self.add_module(f'mixed_{name}', Mixed(*scaled))
        self.fc = nn.Linear(16 * width, 4)

    def forward(self, x):
        x = self.conv_2b(pool(self.conv1(x), (1, 3, 3), (1, 2, 2)))
        x = pool(self.gating(self.conv_2c(x)), (1, 3, 3), (1, 2, 2))
        for name in MIXED:
            if name == '4b':
                x = pool(x, (3, 3, 3), (2, 2, 2))
            if name == '5b':
                x = pool(x, (2, 2, 2), (2, 2, 2))
            x = getattr(self, f'mixed_{name}')(x)
        return x


def pool(x, kernel, stride):
    """Pad with zeros as models/s3d_g.py does, whatever the size of ``x``."""
    pad = [
        part
        for length, step in zip(reversed(kernel), reversed(stride))
        for part in ((length - step) // 2, -(-(length - step) // 2))
    ]
    x = nn.functional.pad(x, pad)
    return nn.functional.max_pool3d(x, kernel, stride, ceil_mode=True)


PEERS = {
    'c3d': C3D,
    'r3d': lambda width=8: ResNet(whole, width),
    'r21d': lambda width=8: ResNet(split, width),
    's3d': S3D,
}
BASES = {'c3d': 'c3d', 'r3d': 'r3d10', 'r21d': 'r2plus1d10', 's3d': 's3dg'}
COMMAND = 'from_pace.py'


def shaken(name):
    """Return a network of random weights, whose gates let clips through."""
    network = shake(PEERS[name]())
    for module in network.modules():
        if isinstance(module, Gate):
            nn.init.normal_(module.fc.weight, std=0.5)
            nn.init.normal_(module.fc.bias, mean=2)
    return network


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

"""CoCLR's S3D: the same features from its files as from ours."""

import pytest
import torch
from pace_networks import MIXED
from peer_files import pretrained, run_tool, save, shapes
from peer_toys import assert_same_features, only_file, random_clip, shake
from torch import nn

from vsslcodebase.checkpoints.importers import coclr, rename
from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import build_backbone, read_published
from vsslcodebase.registry import MODELS

POOLS = {
    2: ((1, 3, 3), (1, 2, 2), (0, 1, 1)),
    3: ((1, 3, 3), (1, 2, 2), (0, 1, 1)),
    4: ((3, 3, 3), (2, 2, 2), (1, 1, 1)),
    5: ((2, 2, 2), (2, 2, 2), (0, 0, 0)),
}


class Point(nn.Module):
    """A 1x1x1 convolution, CoCLR's BasicConv3d."""

    def __init__(self, inside, out):
        super().__init__()
        self.conv = nn.Conv3d(inside, out, 1, bias=False)
        self.bn = nn.BatchNorm3d(out)

    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))


class SpaceTime(nn.Module):
    """A separable convolution, CoCLR's STConv3d."""

    def __init__(self, inside, out, size=3, stride=1):
        super().__init__()
        pad = size // 2
        self.conv1 = nn.Conv3d(
            inside,
            out,
            (1, size, size),
            (1, stride, stride),
            (0, pad, pad),
            bias=False,
        )
        self.bn1 = nn.BatchNorm3d(out)
        self.conv2 = nn.Conv3d(
            out, out, (size, 1, 1), (stride, 1, 1), (pad, 0, 0), bias=False
        )
        self.bn2 = nn.BatchNorm3d(out)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)))


class Mixed(nn.Module):
    """Four branches, without gates."""

    def __init__(self, inside, *widths):
        super().__init__()
        direct, narrow1, wide1, narrow2, wide2, pooled = widths
        self.branch0 = nn.Sequential(Point(inside, direct))
        self.branch1 = nn.Sequential(
            Point(inside, narrow1), SpaceTime(narrow1, wide1)
        )
        self.branch2 = nn.Sequential(
            Point(inside, narrow2), SpaceTime(narrow2, wide2)
        )
        self.branch3 = nn.Sequential(
            nn.MaxPool3d(3, 1, 1), Point(inside, pooled)
        )

    def forward(self, x):
        branches = self.branch0, self.branch1, self.branch2, self.branch3
        return torch.cat([branch(x) for branch in branches], 1)


class S3D(nn.Module):
    """CoCLR's network; each layer is registered under two names."""

    def __init__(self, width=8):
        super().__init__()
        stages = {
            1: [('Conv_1a', SpaceTime(3, width, 7, 2))],
            2: [
                ('Conv_2b', Point(width, width)),
                ('Conv_2c', SpaceTime(width, 3 * width)),
            ],
        }
        for name, widths in MIXED.items():
            mixed = Mixed(*(width * channels // 64 for channels in widths))
            stages.setdefault(int(name[0]), []).append(
                (f'Mixed_{name}', mixed)
            )
        for stage, layers in stages.items():
            pool = [nn.MaxPool3d(*POOLS[stage])] if stage > 1 else []
            for name, layer in layers:
                self.add_module(name, layer)
            self.add_module(
                f'block{stage}',
                nn.Sequential(*pool, *(layer for _, layer in layers)),
            )

    def forward(self, x):
        for stage in range(1, 6):
            x = getattr(self, f'block{stage}')(x)
        return x


def encoder(width):
    """Backbone, pool and projection, as CoCLR puts them in a row."""
    channels = 16 * width
    return nn.Sequential(
        S3D(width),
        nn.AdaptiveAvgPool3d(1),
        nn.Conv3d(channels, channels, 1),
        nn.ReLU(),
        nn.Conv3d(channels, 4, 1),
    )


class CoCLR(nn.Module):
    """All tensors of a file of its pre-training."""

    def __init__(self, width=8):
        super().__init__()
        self.encoder_q = shake(encoder(width), 1)
        self.encoder_k = shake(encoder(width), 2)
        self.sampler = shake(encoder(width), 3)
        for name in ('queue', 'queue_second'):
            self.register_buffer(name, torch.randn(4, 6))
        self.register_buffer('queue_ptr', torch.zeros(1, dtype=torch.long))
        for name in ('queue_vname', 'queue_label'):
            self.register_buffer(name, torch.zeros(6, dtype=torch.long))


class Classifier(nn.Module):
    """All tensors of a file of its linear probe."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.final_bn = nn.BatchNorm1d(128)
        self.final_fc = nn.Sequential(nn.Linear(128, 5))


@pytest.fixture(scope='module')
def peer():
    return CoCLR()


@pytest.fixture(scope='module')
def features(peer):
    """A clip whose sides are no multiples of 32, and its map."""
    clip = random_clip(2, 3, 10, 72, 37)
    with torch.no_grad():
        return clip, peer.encoder_q[0](clip)


def test_the_tool_writes_a_file_with_their_features(
    tmp_path, peer, features, capsys
):
    path = save(
        tmp_path / 'CoCLR-ucf101-rgb-128-s3d-ep182.tar',
        peer.state_dict(),
        epoch=182,
        best_acc=0.5,
        optimizer=dict(state={}, param_groups=[]),
        iteration=1,
    )
    assert run_tool('from_coclr.py', path, tmp_path / 'out') == 0
    published = read_published(only_file(tmp_path / 'out'))
    clip, expected = features
    assert expected.shape == (2, 128, 1, 2, 1)
    assert_same_features(build_backbone(published), expected, clip)
    ours = pretrained(coclr.convert(path), published.path)
    assert_same_features(ours, expected, clip)
    assert published.meta['source'] == 'coclr'
    assert published.path.name.startswith('CoCLR-ucf101-rgb-128-s3d-ep182_')
    printed = capsys.readouterr().out
    assert 'queue_second (1)' in printed
    assert 'sampler (' in printed


def test_a_classifier_under_data_parallel_has_their_features(
    tmp_path, peer, features
):
    model = Classifier(peer.encoder_q[0])
    path = save(tmp_path / 'x.pth.tar', model.state_dict(), parallel=True)
    imported = coclr.convert(path)
    clip, expected = features
    ours = MODELS.build(dict(imported.backbone))
    ours.load_state_dict(imported.state)
    assert_same_features(ours.eval(), expected, clip)
    parts = {key.split('.')[0] for key in imported.left_out}
    assert parts == {'backbone', 'final_bn', 'final_fc'}


def test_names_and_shapes_of_the_full_network_are_ours(tmp_path):
    with torch.device('meta'):
        theirs = nn.ModuleDict(dict(backbone=S3D(64))).state_dict()
        ours = MODELS.build(dict(coclr.BACKBONE)).state_dict()
    renamed, left_out = rename(theirs, coclr._rules('backbone.'), 'x')
    assert shapes(renamed) == shapes(ours)
    assert len(left_out) == len(renamed)  # each tensor has two names


def test_the_trained_encoder_is_taken_not_its_copies(tmp_path, peer):
    imported = coclr.convert(save(tmp_path / 'x.tar', peer.state_dict()))
    key = 'conv4.mixed_4e.branches.2.1.temporal.conv.weight'
    layer = 'Mixed_4e.branch2.1.conv2.weight'
    assert torch.equal(
        imported.state[key], peer.encoder_q[0].state_dict()[layer]
    )
    assert not torch.equal(
        imported.state[key], peer.encoder_k[0].state_dict()[layer]
    )


def test_contract_is_that_of_their_training(tmp_path, peer):
    path = save(tmp_path / 'x.tar', peer.state_dict())
    assert coclr.convert(path).contract == InputContract(
        'rgb',
        (0.0, 1.0),
        (0.485, 0.456, 0.406),
        (0.229, 0.224, 0.225),
        num_frames=32,
        frame_interval=(1,),
        height=128,
        width=128,
    )


@pytest.mark.parametrize(
    'name',
    [
        'CoCLR-ucf101-flow-128-s3d-epoch109.pth.tar',
        'InfoNCE-ucf101-f-128-s3d-ep396.pth.tar',
        'CoCLR-k400-flow-128-s3d.pth.tar',
    ],
)
def test_networks_of_optical_flow_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match='is of optical flow, by its name'):
        coclr.convert(tmp_path / name)


def test_two_values_of_one_tensor_are_refused(tmp_path, peer):
    state = peer.state_dict()
    key = 'encoder_q.0.block4.4.branch1.0.bn.bias'
    state[key] = state[key] + 1
    path = save(tmp_path / 'x.tar', state)
    with pytest.raises(
        ValueError,
        match=r'block4\.4\.branch1\.0\.bn\.bias and '
        r'encoder_q\.0\.Mixed_4e\.branch1\.0\.bn\.bias name one tensor',
    ):
        coclr.convert(path)


def test_gates_are_unknown_keys(tmp_path, peer, capsys):
    state = peer.state_dict()
    state['encoder_q.0.Mixed_3b.gating_b0.fc.weight'] = torch.zeros(1)
    path = save(tmp_path / 'x.tar', state)
    assert run_tool('from_coclr.py', path, tmp_path / 'out') == 2
    message = capsys.readouterr().err
    assert 'x.tar: 1 of' in message
    assert 'known: encoder_q.0.Mixed_3b.gating_b0.fc.weight' in message


def test_a_missing_key_is_named(tmp_path, peer, capsys):
    state = peer.state_dict()
    del state['encoder_q.0.Conv_2c.bn2.running_mean']
    path = save(tmp_path / 'x.tar', state)
    assert run_tool('from_coclr.py', path, tmp_path / 'out') == 2
    message = capsys.readouterr().err
    assert 'missing in the file (1): conv2.conv_2c.temporal.bn' in message
    assert 'x.tar' in message
    assert not (tmp_path / 'out').exists()


def test_a_file_of_another_peer_is_named(tmp_path):
    state = dict.fromkeys(
        ('stem.0.weight', 'stem.1.bias', 'fc.bias'), torch.zeros(1)
    )
    path = save(tmp_path / 'x.pth', state, under=None)
    with pytest.raises(ValueError, match='looks like a file for from_torchv'):
        coclr.convert(path)

"""SlowFast's Slow-only R50: the same features from its files as from ours."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from peer_toys import (
    assert_same_features,
    random_clip,
    shake,
)
from torch import nn

from vsslcodebase.zoo.importers import pyslowfast
from vsslcodebase.zoo.importers.renaming import filled_backbone

BASES = Path(__file__).parents[3] / 'configs' / '_base_' / 'backbones'
WIDTH = 4
BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}


class Block(nn.Module):
    """Tx1x1, 1x3x3 with the stride, 1x1x1, in SlowFast's names."""

    def __init__(self, inside, width, out, length, stride):
        super().__init__()
        if inside != out:
            self.branch1 = nn.Conv3d(
                inside, out, 1, (1, stride, stride), bias=False
            )
            self.branch1_bn = nn.BatchNorm3d(out)
        self.branch2 = nn.Sequential(
            OrderedDict(
                a=nn.Conv3d(
                    inside,
                    width,
                    (length, 1, 1),
                    padding=(length // 2, 0, 0),
                    bias=False,
                ),
                a_bn=nn.BatchNorm3d(width),
                a_relu=nn.ReLU(),
                b=nn.Conv3d(
                    width,
                    width,
                    (1, 3, 3),
                    (1, stride, stride),
                    (0, 1, 1),
                    bias=False,
                ),
                b_bn=nn.BatchNorm3d(width),
                b_relu=nn.ReLU(),
                c=nn.Conv3d(width, out, 1, bias=False),
                c_bn=nn.BatchNorm3d(out),
            )
        )

    def forward(self, x):
        direct = x
        if hasattr(self, 'branch1'):
            direct = self.branch1_bn(self.branch1(x))
        return torch.relu(direct + self.branch2(x))


class SlowOnly(nn.Module):
    """SlowFast's ResNet with ARCH 'slow' and a linear head."""

    def __init__(self, width=WIDTH, depth=50, pathway=0):
        super().__init__()
        stem = nn.Module()
        stem.conv = nn.Conv3d(
            3, width, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False
        )
        stem.bn = nn.BatchNorm3d(width)
        self.s1 = nn.Module()
        self.s1.add_module(f'pathway{pathway}_stem', stem)
        self.stem = [stem]  # unregistered: the keys are those of s1
        inside = width
        for stage, (blocks, length, stride) in enumerate(
            zip(BLOCKS[depth], (1, 1, 3, 3), (1, 2, 2, 2))
        ):
            net = nn.Sequential()
            inner = width * 2**stage
            for i in range(blocks):
                net.add_module(
                    f'pathway{pathway}_res{i}',
                    Block(
                        inside, inner, 4 * inner, length, 1 if i else stride
                    ),
                )
                inside = 4 * inner
            self.add_module(f's{stage + 2}', net)
        self.head = nn.Module()
        self.head.projection = nn.Linear(inside, 5)

    def forward(self, x):
        (stem,) = self.stem
        x = torch.relu(stem.bn(stem.conv(x)))
        x = nn.functional.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
        for stage in (self.s2, self.s3, self.s4, self.s5):
            x = stage(x)
        return x


class Contrastive(nn.Module):
    """The keys of SlowFast's ContrastiveModel of type MoCo."""

    def __init__(self, momentum=True):
        super().__init__()
        self.backbone = shake(SlowOnly(), 1)
        if momentum:
            self.backbone_hist = shake(SlowOnly(), 2)
        self.register_buffer('ptr', torch.tensor([0]))
        self.register_buffer('iter', torch.zeros(1, dtype=torch.long))
        self.register_buffer('queue_x', torch.rand(8, 5))
        self.swav_prototypes = nn.Linear(5, 3, bias=False)


@pytest.fixture(scope='module')
def moco():
    return Contrastive()


def save(folder, state, **more):
    path = folder / 'checkpoint_epoch_00200.pyth'
    torch.save(dict(epoch=199, model_state=state, **more), path)
    return path


@pytest.mark.parametrize('network', ['online', 'momentum'])
def test_the_chosen_network_gives_its_features(tmp_path, moco, network):
    path = save(tmp_path, moco.state_dict())
    theirs = moco.backbone if network == 'online' else moco.backbone_hist
    imported = pyslowfast.convert(path, network)
    clip = random_clip(1, 3, 8, 32, 32)
    assert_same_features(filled_backbone(imported), theirs(clip), clip)
    other = 'backbone_hist' if network == 'online' else 'backbone'
    assert {key.partition('.')[0] for key in imported.left_out} == {
        other,
        'ptr',
        'iter',
        'queue_x',
        'swav_prototypes',
        'backbone' if network == 'online' else 'backbone_hist',  # its head
    }
    assert imported.source == 'pyslowfast'


def test_a_supervised_file_under_ddp_gives_its_features(tmp_path):
    theirs = shake(SlowOnly())
    state = nn.Sequential(OrderedDict(module=theirs)).state_dict()
    assert all(key.startswith('module.') for key in state)
    imported = pyslowfast.convert(save(tmp_path, state))
    clip = random_clip(2, 3, 3, 40, 33)
    assert_same_features(filled_backbone(imported), theirs(clip), clip)
    assert imported.left_out == [
        'head.projection.weight',
        'head.projection.bias',
    ]

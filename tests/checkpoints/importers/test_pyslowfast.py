"""SlowFast's Slow-only R50: the same features from its files as from ours."""

from collections import Counter, OrderedDict
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from peer_toys import (
    assert_same_features,
    random_clip,
    random_frames,
    shake,
)
from torch import nn

from vsslcodebase.checkpoints.importers import pyslowfast
from vsslcodebase.checkpoints.importers.renaming import filled_backbone

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
        (stem,) = self.s1.children()
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
    # all of the other network, and the head of this one
    assert Counter(key.partition('.')[0] for key in imported.left_out) == {
        'backbone': 320 if network == 'momentum' else 2,
        'backbone_hist': 320 if network == 'online' else 2,
        'ptr': 1,
        'iter': 1,
        'queue_x': 1,
        'swav_prototypes': 1,
    }


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


def test_a_bare_state_of_sub_batch_norms_gives_what_they_evaluate(tmp_path):
    """It evaluates with the statistics of ``bn``, not with ``split_bn``."""
    theirs = shake(SlowOnly())
    state = {}
    for key, value in theirs.state_dict().items():
        norm, _, part = key.rpartition('.')
        if part.startswith(('running', 'num')):
            state[f'{norm}.bn.{part}'] = value
            state[f'{norm}.split_bn.{part}'] = value.repeat(2) + 1
        else:
            state[key] = value
    imported = pyslowfast.convert(save(tmp_path, state))
    clip = random_clip(1, 3, 4, 32, 32)
    assert_same_features(filled_backbone(imported), theirs(clip), clip)


@pytest.mark.slow
def test_the_network_as_published_is_the_one_of_our_config(tmp_path):
    cfg = Config.fromfile(BASES / 'slow50.py').backbone.to_dict()
    theirs = shake(SlowOnly(width=64))
    imported = pyslowfast.convert(save(tmp_path, theirs.state_dict()))
    assert imported.backbone == cfg
    clip = random_clip(1, 3, 8, 32, 32)
    assert_same_features(filled_backbone(imported), theirs(clip), clip)


def test_colours_are_those_of_their_loader(tmp_path, moco):
    contract = pyslowfast.convert(save(tmp_path, moco.state_dict())).contract
    frames = random_frames(4, 5, 6, 3)  # T, H, W, C, as they decode
    theirs = (frames.float() / 255 - 0.45) / 0.225
    torch.testing.assert_close(
        contract.normalise(frames.permute(3, 0, 1, 2)),
        theirs.permute(3, 0, 1, 2),
        rtol=0,
        atol=1e-5,
    )
    assert (contract.num_frames, contract.frame_interval) == (8, (8,))
    assert (contract.height, contract.width) == (224, 224)


def test_the_stored_config_says_what_was_shown(tmp_path, moco):
    text = """
MODEL: {ARCH: slow}
DATA:
  NUM_FRAMES: 16
  SAMPLING_RATE: 4
  MEAN: [0.5, 0.4, 0.3]
  STD: [0.3, 0.2, 0.1]
  REVERSE_INPUT_CHANNEL: true
"""
    path = save(tmp_path, moco.state_dict(), cfg=text)
    contract = pyslowfast.convert(path).contract
    assert (contract.num_frames, contract.frame_interval) == (16, (4,))
    # They standardise red, green, blue, and then turn them round
    frames = random_frames(3, 2, 4, 4)
    mean, std = torch.tensor([[0.5, 0.4, 0.3], [0.3, 0.2, 0.1]])[..., None]
    flat = (frames.flatten(1).float() / 255 - mean) / std
    theirs = flat.flip(0).view(frames.shape)
    torch.testing.assert_close(contract.normalise(frames), theirs)


@pytest.mark.parametrize(
    'text',
    ['DATA: [1', 'DATA: 7', 'DATA: {MEAN: 1}', 'DATA: {STD: [0, 1, 2]}'],
)
def test_a_stored_config_of_no_use_is_named(tmp_path, moco, text):
    path = save(tmp_path, moco.state_dict(), cfg=text)
    with pytest.raises(ValueError, match="stored under 'cfg'") as error:
        pyslowfast.convert(path)
    assert str(path) in str(error.value)


def test_an_average_that_is_not_kept_is_named(tmp_path):
    path = save(tmp_path, Contrastive(momentum=False).state_dict())
    with pytest.raises(ValueError, match=r'no moving average') as error:
        pyslowfast.convert(path, 'momentum')
    assert str(path) in str(error.value)
    with pytest.raises(ValueError, match="'online' or 'momentum', got 'ema'"):
        pyslowfast.convert(path, 'ema')


def test_a_part_that_is_not_known_is_not_passed_over(tmp_path, moco):
    """Non-local blocks, for one, change every feature after them."""
    state = moco.state_dict()
    extra = 'backbone.s3.pathway0_nonlocal1.conv_theta.weight'
    path = save(tmp_path, {**state, extra: torch.zeros(1)})
    with pytest.raises(ValueError, match='1 of 645 keys are not known') as e:
        pyslowfast.convert(path)
    assert extra in str(e.value)
    assert str(path) in str(e.value)


def test_a_missing_key_is_named_in_our_terms(tmp_path, moco):
    state = moco.state_dict()
    del state['backbone.s4.pathway0_res2.branch2.b_bn.running_var']
    path = save(tmp_path, state)
    with pytest.raises(
        ValueError, match=r'layer3\.2\.conv2\.bn\.running_var'
    ) as error:
        filled_backbone(pyslowfast.convert(path), path)
    assert str(path) in str(error.value)


def test_another_depth_and_a_fast_pathway_are_refused(tmp_path):
    deep = save(tmp_path, SlowOnly(width=2, depth=101).state_dict())
    with pytest.raises(ValueError, match=r'layer3\.6\.conv1\.conv\.weight'):
        filled_backbone(pyslowfast.convert(deep), deep)
    fast = save(tmp_path, SlowOnly(pathway=1).state_dict())
    with pytest.raises(ValueError, match='pathway1_stem'):
        pyslowfast.convert(fast)


def test_a_file_of_another_peer_is_recognised(tmp_path):
    path = save(tmp_path, {'backbone.conv1.conv.weight': torch.zeros(1)})
    with pytest.raises(ValueError, match='a file for from_mmaction2') as error:
        pyslowfast.convert(path)
    assert str(path) in str(error.value)

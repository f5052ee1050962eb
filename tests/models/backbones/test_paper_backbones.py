"""What the networks of Pace Prediction have in common."""

import math
from pathlib import Path

import pytest
import torch
from conv_oracles import randomise, shapes_of
from mmengine.config import Config
from torch import nn

from vsslcodebase.registry import MODELS

CONFIGS = Path(__file__).parents[3] / 'configs' / '_base_' / 'backbones'
PARAMETERS = {
    'c3d': 27_661_440,
    'r3d10': 14_361_792,
    'r2plus1d10': 14_365_303,
    'r3d18': 33_166_272,
    'r2plus1d18': 31_300_125,
    's3dg': 9_125_072,
}
NAMES = sorted(PARAMETERS)
RESNET = {
    'conv1': (64, 16, 56, 56),
    'conv2': (64, 16, 56, 56),
    'conv3': (128, 8, 28, 28),
    'conv4': (256, 4, 14, 14),
    'conv5': (512, 2, 7, 7),
}
C3D = {
    'conv1': (64, 16, 112, 112),
    'pool1': (64, 16, 56, 56),
    'conv2': (128, 16, 56, 56),
    'pool2': (128, 8, 28, 28),
    'conv3': (256, 8, 28, 28),
    'pool3': (256, 4, 14, 14),
    'conv4': (512, 4, 14, 14),
    'pool4': (512, 2, 7, 7),
    'conv5': (512, 2, 7, 7),
}
S3DG = {
    'conv1': (64, 32, 112, 112),
    'conv2.pool': (64, 32, 56, 56),
    'conv2': (192, 32, 56, 56),
    'conv3.mixed_3b': (256, 32, 28, 28),
    'conv3': (480, 32, 28, 28),
    'conv4.mixed_4b': (512, 16, 14, 14),
    'conv4': (832, 16, 14, 14),
    'conv5.mixed_5b': (832, 8, 7, 7),
    'conv5': (1024, 8, 7, 7),
}


def backbone_of(name, **options):
    cfg = dict(Config.fromfile(CONFIGS / f'{name}.py').backbone)
    return MODELS.build({**cfg, **options})


def tiny(name, seed=0, **options):
    torch.manual_seed(seed)
    return backbone_of(name, base_channels=4, **options)


@pytest.mark.parametrize('name', NAMES)
def test_number_of_parameters(name):
    with torch.device('meta'):
        network = backbone_of(name)
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize('name', NAMES)
def test_stages_have_the_sizes_of_the_paper(name):
    expected = {'c3d': C3D, 's3dg': S3DG}.get(name, RESNET)
    frames, size = (64, 224) if name == 's3dg' else (16, 112)
    with torch.device('meta'):
        network = backbone_of(name)
        clip = torch.empty(1, 3, frames, size, size)
    assert shapes_of(network, clip, list(expected)) == expected
    assert network.feat_dim == expected['conv5'][0]


@pytest.mark.parametrize('name', NAMES)
def test_every_parameter_gets_a_gradient(name):
    network = tiny(name)
    network(torch.randn(2, 3, 16, 32, 32)).square().sum().backward()
    # The norm subtracts what its convolution's bias adds (C3D).
    cancelled = {
        f'{key}.bias'
        for key, module in network.named_modules()
        if isinstance(module, nn.Conv3d)
    }
    for key, parameter in network.named_parameters():
        if key not in cancelled:
            assert parameter.grad.abs().sum() > 0, key


@pytest.mark.parametrize('name', NAMES)
def test_checkpoints_bring_the_whole_network_back(name, tmp_path):
    source = randomise(tiny(name))
    path = str(tmp_path / 'model.pth')
    state = {f'backbone.{k}': v for k, v in source.state_dict().items()}
    torch.save(dict(state_dict=state), path)
    init_cfg = dict(type='Pretrained', checkpoint=path, prefix='backbone.')
    network = tiny(name, seed=1, init_cfg=init_cfg, frozen=True)
    network.init_weights()
    network.train()  # frozen: statistics stay those of the file
    x = torch.randn(1, 3, 8, 16, 16)
    assert torch.equal(network(x), source(x))
    assert not any(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize('name', NAMES)
def test_a_file_without_one_tensor_is_refused(name, tmp_path):
    state = tiny(name).state_dict()
    lost = next(key for key in state if key.startswith('conv4'))
    del state[lost]
    path = str(tmp_path / 'backbone.pth')
    torch.save(state, path)
    init_cfg = dict(type='Pretrained', checkpoint=path)
    with pytest.raises(ValueError, match=f'missing in the file .*{lost}'):
        tiny(name, init_cfg=init_cfg).init_weights()


@pytest.mark.parametrize('name', ['c3d', 'r3d10', 'r2plus1d10', 's3dg'])
def test_convolutions_start_kaiming_normal_by_fan_out(name):
    torch.manual_seed(0)
    network = backbone_of(name, base_channels=16)
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.zeros_(module.weight)
    network.init_weights()
    checked = 0
    for key, module in network.named_modules():
        if not isinstance(module, nn.Conv3d):
            continue
        weight = module.weight
        if weight.numel() < 20_000:  # too few draws to know the deviation
            continue
        fan_out = weight.shape[0] * weight[0, 0].numel()
        # 20,000 draws: known to 0.5 %
        assert weight.std().item() == pytest.approx(
            math.sqrt(2 / fan_out), rel=0.02
        ), key
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize('name', ['c3d', 'r3d10', 'r2plus1d10', 's3dg'])
def test_memory_format_changes_layout_but_not_values(name):
    plain = randomise(tiny(name))
    last = tiny(name, memory_format='channels_last_3d').eval()
    last.load_state_dict(plain.state_dict())
    weights = [
        module.weight
        for module in last.modules()
        if isinstance(module, nn.Conv3d)
    ]
    last_format = torch.channels_last_3d
    assert all(w.is_contiguous(memory_format=last_format) for w in weights)
    assert not all(w.is_contiguous() for w in weights)
    x = torch.randn(1, 3, 8, 16, 16)
    torch.testing.assert_close(last(x), plain(x), rtol=1e-4, atol=1e-4)

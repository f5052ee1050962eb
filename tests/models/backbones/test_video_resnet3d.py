from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from vsslcodebase.models import VideoResNet3d
from vsslcodebase.models.backbones.inflate import inflate_2d
from vsslcodebase.registry import MODELS

# by the registry: our package mends MMAction2 before it is imported
ResNet3d = MODELS.get('mmaction.ResNet3d')
ResNet3dSlowOnly = MODELS.get('mmaction.ResNet3dSlowOnly')
CONFIGS = Path(__file__).parents[3] / 'configs' / '_base_' / 'backbones'

# first kernel's length in time, block by block: CVRL's R3D-50 has it in the
# last two stages, Wang et al. (2018, Table 1) in every second block
KERNELS = {
    'r3d50': [(1, 1, 1), (1, 1, 1, 1), (3,) * 6, (3, 3, 3)],
    'i3d50': [(3, 3, 3), (3, 1, 3, 1), (3, 1, 3, 1, 3, 1), (1, 3, 1)],
    'c2d50': [(1,) * 3, (1,) * 4, (1,) * 6, (1,) * 3],
    'slow50': [(1, 1, 1), (1, 1, 1, 1), (3,) * 6, (3, 3, 3)],
}
PARAMETERS = dict(
    r3d50=31_672_128,
    i3d50=27_223_872,
    c2d50=23_508_032,
    slow50=31_634_496,
)
STAGES = {
    'conv1': (64, 8, 112, 112),
    'maxpool': (64, 8, 56, 56),
    'layer1': (256, 8, 56, 56),
    'layer2': (512, 8, 28, 28),
    'layer3': (1024, 8, 14, 14),
    'layer4': (2048, 8, 7, 7),
}


@pytest.mark.parametrize('name', sorted(PARAMETERS))
def test_backbones_have_the_published_size_and_stages(name):
    cfg = Config.fromfile(CONFIGS / f'{name}.py').backbone
    # CORP's networks halve the time of their 16 frames, LTN's has 8
    num_frames = 8 if name == 'slow50' else 16
    with torch.device('meta'):
        network = MODELS.build(cfg)
        clip = torch.empty(1, 3, num_frames, 224, 224)
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[name]
    shapes = {}
    for stage in STAGES:
        getattr(network, stage).register_forward_hook(
            lambda _m, _i, out, stage=stage: shapes.update(
                {stage: tuple(out.shape[1:])}
            )
        )
    network(clip)
    assert shapes == STAGES
    kernels = [
        tuple(block.conv1.conv.kernel_size[0] for block in stage)
        for stage in (
            network.layer1,
            network.layer2,
            network.layer3,
            network.layer4,
        )
    ]
    assert kernels == KERNELS[name]
    assert {
        m.bias
        for m in network.modules()
        if hasattr(m, 'kernel_size') and hasattr(m, 'bias')
    } == {None}


def test_slow50_is_the_slow_only_network_of_mmaction2():
    """The same weights give the same output."""
    cfg = Config.fromfile(CONFIGS / 'slow50.py').backbone
    cfg.update(base_channels=2, norm_cfg=dict(type='BN3d'))
    torch.manual_seed(0)
    ours = MODELS.build(cfg).eval()
    theirs = ResNet3dSlowOnly(
        depth=50,
        base_channels=2,
        conv1_stride_s=2,
        pool1_stride_s=2,
        norm_cfg=dict(type='BN3d'),
    )
    theirs.eval()  # returns None there
    theirs.load_state_dict(ours.state_dict())
    clip = torch.randn(2, 3, 8, 32, 32)
    assert torch.equal(ours(clip), theirs(clip))


def narrow(cls=VideoResNet3d, **options):
    """A tenth of a second wide: I3D's pattern, two channels in the stem."""
    options = dict(
        depth=50,
        base_channels=2,
        conv1_kernel=(5, 7, 7),
        inflate=((1, 1, 1), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 1, 0)),
        with_pool2=False,
        zero_init_residual=False,
        **options,
    )
    return cls(**options)


def image_network_state(seed=0):
    """State dict with the names and shapes of a 2D ResNet-50, narrow."""
    torch.manual_seed(seed)
    state = {}

    def conv_bn(conv, norm, out_channels, in_channels, size):
        state[f'{conv}.weight'] = torch.randn(
            out_channels, in_channels, size, size
        )
        for kind in ('weight', 'bias', 'running_mean', 'running_var'):
            state[f'{norm}.{kind}'] = torch.rand(out_channels)
        state[f'{norm}.num_batches_tracked'] = torch.tensor(7)

    conv_bn('conv1', 'bn1', 2, 3, 7)
    width = 2
    for stage, blocks in enumerate((3, 4, 6, 3)):
        planes = 2 * 2**stage
        for block in range(blocks):
            name = f'layer{stage + 1}.{block}'
            conv_bn(f'{name}.conv1', f'{name}.bn1', planes, width, 1)
            conv_bn(f'{name}.conv2', f'{name}.bn2', planes, planes, 3)
            conv_bn(f'{name}.conv3', f'{name}.bn3', 4 * planes, planes, 1)
            if block == 0:
                short = f'{name}.downsample'
                conv_bn(f'{short}.0', f'{short}.1', 4 * planes, width, 1)
            width = 4 * planes
    state['fc.weight'], state['fc.bias'] = torch.zeros(5, 64), torch.zeros(5)
    return state


def test_image_weights_are_inflated_as_mmaction2_does(tmp_path):
    path = str(tmp_path / 'resnet50.pth')
    torch.save(image_network_state(), path)
    ours, theirs = (
        narrow(cls, pretrained=path) for cls in (VideoResNet3d, ResNet3d)
    )
    for network in (ours, theirs):
        network.init_weights()
    found, expected = ours.state_dict(), theirs.state_dict()
    assert found.keys() == expected.keys()
    for key in found:
        assert torch.equal(found[key], expected[key]), key


def test_image_file_that_lacks_a_tensor_is_refused(tmp_path):
    state = image_network_state()
    state['layer2.1.extra.weight'] = state.pop('layer2.1.conv2.weight')
    torch.save(state, tmp_path / 'resnet50.pth')
    network = narrow(pretrained=str(tmp_path / 'resnet50.pth'))
    with pytest.raises(ValueError, match=r'resnet50.pth \(2D') as error:
        network.init_weights()
    assert 'missing in the file (1): layer2.1.conv2.conv' in str(error.value)
    assert '(1): layer2.1.extra.weight' in str(error.value)


def test_inflated_kernel_sees_a_still_clip_as_its_frame():
    network = narrow().eval()
    state = image_network_state()
    network.load_state_dict(inflate_2d(state, network), strict=False)
    frame = torch.randn(1, 3, 16, 16)
    clip = frame[:, :, None].repeat(1, 1, 9, 1, 1)
    out = network.conv1.conv(clip)
    image = torch.conv2d(frame, state['conv1.weight'], stride=2, padding=3)
    # away from the ends, where the kernel of 5 reaches into the padding
    torch.testing.assert_close(out[:, :, 4], image, rtol=1e-4, atol=1e-4)


def test_3d_file_in_pretrained_is_strict_too(tmp_path):
    path = str(tmp_path / 'backbone.pth')
    source = narrow()
    torch.save(source.state_dict(), path)
    network = narrow(pretrained=path, pretrained2d=False)
    network.init_weights()
    for key, value in network.state_dict().items():
        assert torch.equal(value, source.state_dict()[key]), key
    torch.save({'backbone.conv1.conv.weight': torch.ones(1)}, path)
    with pytest.raises(ValueError, match='matched 0 of'):
        network.init_weights()


def test_two_files_for_one_backbone_are_refused():
    with pytest.raises(ValueError, match='two files'):
        narrow(
            pretrained='a.pth',
            init_cfg=dict(type='Pretrained', checkpoint='b.pth'),
        )


def test_checkpointing_keeps_values_and_gradients():
    torch.manual_seed(0)
    plain, saving = narrow(), narrow(with_cp=True)
    saving.load_state_dict(plain.state_dict())
    x = torch.randn(2, 3, 4, 16, 16)
    for network in (plain, saving):
        network(x).square().mean().backward()
    for (name, a), b in zip(plain.named_parameters(), saving.parameters()):
        torch.testing.assert_close(a.grad, b.grad, msg=name)


def test_frozen_network_ignores_train_mode():
    network = narrow(frozen=True)
    assert network.train() is network
    assert not any(module.training for module in network.modules())
    assert not any(p.requires_grad for p in network.parameters())


def test_random_weights_are_kaiming_and_residuals_start_open():
    torch.manual_seed(0)
    network = narrow()
    network.init_weights()
    weight = network.layer4[0].conv2.conv.weight  # 16 x 16 x 1 x 3 x 3
    expected = (2 / (16 * 9)) ** 0.5
    assert weight.std().item() == pytest.approx(expected, rel=0.06)
    assert (network.layer4[0].conv3.bn.weight == 1).all()

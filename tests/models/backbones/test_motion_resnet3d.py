"""Networks with motion blocks: walked, frozen by levels, loaded."""

import copy

import pytest
import torch
from mmengine.registry import init_default_scope

from vsslcodebase.models import MotionResNet3d
from vsslcodebase.models.backbones.stage_walk import stages_of
from vsslcodebase.registry import MODELS

NETWORKS = {
    'ours of MMAction2': dict(
        type='VideoResNet3d',
        depth=18,
        base_channels=8,
        norm_cfg=dict(type='BN3d'),
    ),
    'second pool': dict(
        type='VideoResNet3d',
        depth=18,
        base_channels=8,
        with_pool2=True,
        pool1_stride_t=1,
        norm_cfg=dict(type='BN3d'),
    ),
    'MMAction2': dict(
        type='mmaction.ResNet3dSlowOnly',
        depth=50,
        base_channels=8,
        pretrained=None,
        lateral=False,
        norm_cfg=dict(type='BN3d'),
    ),
    'R(2+1)D of MMAction2': dict(
        type='mmaction.ResNet2Plus1d',
        depth=18,
        pretrained=None,
        pretrained2d=False,
        base_channels=8,
        conv_cfg=dict(type='Conv2plus1d'),
        norm_cfg=dict(type='BN3d'),
        act_cfg=dict(type='ReLU'),
        conv1_kernel=(3, 7, 7),
        conv1_stride_t=1,
        pool1_stride_t=1,
        inflate=(1, 1, 1, 1),
        spatial_strides=(1, 2, 2, 2),
        temporal_strides=(1, 2, 2, 2),
        zero_init_residual=False,
    ),
    'plain': dict(type='PlainResNet3d', base_channels=8),
    'small': dict(type='SmallR3D', widths=(8, 16, 16, 32)),
}
SMALL = dict(
    backbone=dict(
        type='SmallR3D',
        widths=(8, 16, 16, 32, 32),
        spatial_strides=(1, 2, 1, 2, 2),
        temporal_strides=(1, 1, 2, 1, 1),
    ),
    block=dict(reduction=2, max_displacement=2),
)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('vsslcodebase')


def clips(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def make_network(**options):
    torch.manual_seed(0)
    return MotionResNet3d(**{**copy.deepcopy(SMALL), **options})


def trained(model):
    return {name for name, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize('name', NETWORKS)
def test_stages_in_turn_are_the_backbone(name):
    torch.manual_seed(0)
    network = MODELS.build(NETWORKS[name])
    network.eval()  # MMAction2's returns None
    x = inputs = clips(1, 3, 8, 64, 64)
    with torch.no_grad():
        for stage in stages_of(network):
            x = stage(x)
            assert x.shape[1] == stage.width
        assert torch.equal(x, network(inputs))


@pytest.mark.parametrize('name', NETWORKS)
def test_untrained_blocks_leave_the_network_as_it_is(name):
    torch.manual_seed(0)
    network = MotionResNet3d(
        NETWORKS[name],
        levels=(0, 1),
        block=dict(reduction=2, max_displacement=1, stride=1),
    ).eval()
    with torch.no_grad():
        x = clips(2, 3, 8, 64, 64)
        out, motion = network.forward_motion(x)
        assert torch.equal(out, network.backbone(x))
    assert out.shape[1] == network.feat_dim
    assert {k: v.shape[1] for k, v in motion.items()} == {
        level: network.motion_channels[level] for level in (0, 1)
    }


def test_all_levels_of_one_pass_are_those_of_stopped_passes():
    network = make_network().eval()
    torch.nn.init.ones_(network.motion_blocks['0'].fuse.norm.weight)
    x = clips(2, 3, 4, 32, 32)
    out, motion = network.forward_motion(x)
    assert torch.equal(out, network(x))
    assert [*motion] == [0, 1, 2]
    for last in (0, 1, 2):
        stopped = network.motion_up_to(x, last)
        assert [*stopped] == [*range(last + 1)]
        for level, value in stopped.items():
            assert torch.equal(value, motion[level])


@pytest.mark.parametrize('levels', [(), (0,), (1,), (2, 0)])
def test_any_subset_of_levels(levels):
    network = make_network(levels=levels)
    out, motion = network.forward_motion(clips(2, 3, 4, 32, 32))
    assert [*motion] == sorted(levels)
    assert out.shape == (2, 32, 2, 4, 4)


def test_copies_run_their_own_stages():
    network = make_network().eval()
    twin = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    x = clips(1, 3, 4, 32, 32)
    assert network(x).abs().max() > 0
    assert twin(x).abs().max() == 0


@pytest.mark.parametrize(
    ('level', 'starts'),
    [
        (0, {'backbone.stages.0.', 'backbone.stages.1.', 'motion_blocks.0.'}),
        (1, {'backbone.stages.2.', 'motion_blocks.0.fuse', 'motion_blocks.1'}),
        (2, {'backbone.stages.3.', 'motion_blocks.1.fuse', 'motion_blocks.2'}),
    ],
)
def test_a_level_trains_its_stage_and_block_and_nothing_else(level, starts):
    network = make_network().train()
    network.train_only(level)
    own_fuse = f'motion_blocks.{level}.fuse'
    expected = {
        name
        for name, _ in network.named_parameters()
        if name.startswith(tuple(starts)) and not name.startswith(own_fuse)
    }
    assert trained(network) == expected
    before = copy.deepcopy(network.state_dict())
    network.train()
    optimizer = torch.optim.SGD(
        [p for p in network.parameters() if p.requires_grad], lr=0.1
    )
    for _ in range(3):
        optimizer.zero_grad()
        motion = network.motion_up_to(clips(2, 3, 4, 32, 32), level)
        motion[level].square().sum().backward()
        optimizer.step()
    moved = {
        name
        for name, value in network.state_dict().items()
        if not torch.equal(value, before[name])
    }
    buffers = {
        name
        for name in before
        if name.startswith(tuple(starts))
        and not name.startswith(own_fuse)
        and ('running' in name or 'num_batches' in name)
    }
    # g of the level below starts at zero, so its convolution waits a step
    assert moved == expected | buffers


def test_training_all_again_thaws_everything():
    network = make_network().train()
    network.train_only(1)
    network.train_only(None)
    assert trained(network) == {name for name, _ in network.named_parameters()}
    assert all(module.training for module in network.modules())
    network.eval()
    assert not any(module.training for module in network.modules())


def test_eval_mode_reaches_what_is_trained():
    network = make_network().train()
    network.train_only(0)
    network.eval()
    assert not any(module.training for module in network.modules())


def test_a_level_without_a_block_is_an_error():
    network = make_network(levels=(0, 2))
    with pytest.raises(ValueError, match='level 1 has no motion block'):
        network.train_only(1)
    with pytest.raises(ValueError, match='level 1 has no motion block'):
        network.motion_up_to(clips(1, 3, 4, 32, 32), 1)


@pytest.mark.parametrize('levels', [(3,), (0, 0), (-1,)])
def test_levels_that_there_are_not(levels):
    with pytest.raises(ValueError, match=r'different numbers of \[0, 1, 2\]'):
        make_network(levels=levels)


def test_networks_that_cannot_be_walked_are_named():
    with pytest.raises(ValueError, match='C3DBN cannot be run stage by stage'):
        MotionResNet3d(dict(type='C3DBN'))
    with pytest.raises(ValueError, match=r'set out_indices=\(3,\)'):
        MotionResNet3d(dict(NETWORKS['ours of MMAction2'], out_indices=(1, 3)))

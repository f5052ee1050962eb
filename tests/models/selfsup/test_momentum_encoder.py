"""The copies of MoCo and BYOL: when they move, how far, and what is saved."""

import copy

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapper
from torch import nn

from vsslcodebase.engine.lars import LARS
from vsslcodebase.models.backbones import SmallR3D
from vsslcodebase.models.necks import ProjectionNeck
from vsslcodebase.models.selfsup import MomentumEncoder

OPTIMIZERS = {
    'sgd': lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, foreach=False),
    'sgd foreach': lambda p: torch.optim.SGD(p, lr=0.1, foreach=True),
    'sgd fused': lambda p: torch.optim.SGD(p, lr=0.1, fused=True),
    'lars': lambda p: LARS(p, lr=0.1),
    'adamw foreach': lambda p: torch.optim.AdamW(p, lr=0.1, foreach=True),
    'adamw fused': lambda p: torch.optim.AdamW(p, lr=0.1, fused=True),
}


def networks(momentum=0.75, **options):
    """Backbone, neck and the encoder that follows them, started."""
    torch.manual_seed(0)
    backbone = SmallR3D(widths=(4, 6))
    neck = ProjectionNeck(6, 8, 5, num_hidden=1, norm_cfg=dict(type='BN1d'))
    encoder = MomentumEncoder(backbone, neck, momentum, **options)
    encoder.follow(backbone, neck)
    return backbone, neck, encoder


def pairs(backbone, neck, encoder):
    """Each copied parameter beside the online one."""
    online = [*backbone.parameters(), *neck.parameters()]
    return list(zip(encoder.parameters(), online, strict=True))


def clips(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(4, 3, 2, 8, 8, generator=generator)


def backward(backbone, neck):
    neck(backbone(clips()))[0].square().sum().backward()


def weights(encoder):
    return copy.deepcopy(list(encoder.parameters()))


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_it_starts_from_whatever_the_online_weights_are_by_then():
    backbone, neck = SmallR3D(widths=(4, 6)), ProjectionNeck(6, 8, 5, 1)
    encoder = MomentumEncoder(backbone, neck, 0.9)
    backbone.init_weights()
    nn.init.constant_(neck.projection[0].weight, 0.25)
    backbone.stages[0][0].bn.running_mean.fill_(3.0)
    encoder.follow(backbone, neck)
    assert all(torch.equal(a, b) for a, b in pairs(backbone, neck, encoder))
    assert encoder.backbone.stages[0][0].bn.running_mean.tolist() == [3.0] * 4


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_every_step_of_an_optimizer_is_followed_once(name):
    backbone, neck, encoder = networks(momentum=0.75, schedule='constant')
    optimizer = OPTIMIZERS[name]([*backbone.parameters(), *neck.parameters()])
    for _ in range(2):
        before = weights(encoder)
        backward(backbone, neck)
        optimizer.step()
        encoder.follow(backbone, neck)
        for old, (new, online) in zip(before, pairs(backbone, neck, encoder)):
            torch.testing.assert_close(new, 0.75 * old + 0.25 * online)
        assert not same(before, encoder.parameters())
        moved = weights(encoder)
        encoder.follow(backbone, neck)
        assert same(moved, encoder.parameters())


def test_forwards_between_two_steps_move_nothing():
    backbone, neck, encoder = networks()
    online = nn.ModuleList([backbone, neck])
    wrapper = OptimWrapper(
        torch.optim.SGD(online.parameters(), lr=0.1), accumulative_counts=2
    )
    wrapper.initialize_count_status(online, 0, 4)
    moves = []
    for _ in range(4):
        before = weights(encoder)
        encoder.follow(backbone, neck)
        moves.append(not same(before, encoder.parameters()))
        with wrapper.optim_context(online):
            loss = neck(backbone(clips()))[0].square().sum()
        wrapper.update_params(loss)
    assert moves == [False, False, True, False]


def test_a_step_left_out_for_an_overflow_is_not_followed():
    backbone, neck, encoder = networks()
    optimizer = torch.optim.SGD(
        [*backbone.parameters(), *neck.parameters()], lr=0.1
    )
    scaler = torch.amp.GradScaler('cpu')
    before = weights(encoder)
    loss = neck(backbone(clips()))[0].square().sum() * float('inf')
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    encoder.follow(backbone, neck)
    assert same(before, encoder.parameters())


def test_validation_moves_nothing():
    backbone, neck, encoder = networks()
    before = weights(encoder)
    with torch.no_grad():
        neck.projection[0].weight.add_(1)
    encoder.eval().follow(backbone, neck)
    assert same(before, encoder.parameters())


@pytest.mark.parametrize(
    ('iteration', 'expected'), [(0, 0.994), (50, 0.997), (100, 1.0)]
)
def test_the_momentum_rises_to_one_along_half_a_cosine(iteration, expected):
    *_, encoder = networks(momentum=0.994)
    hub = MessageHub.get_current_instance()
    hub.update_info('iter', iteration)
    hub.update_info('max_iters', 100)
    assert encoder.current_momentum() == pytest.approx(expected, abs=1e-12)
    encoder.schedule = 'constant'
    assert encoder.current_momentum() == 0.994


def test_outside_of_a_runner_the_momentum_is_the_first_one():
    *_, encoder = networks(momentum=0.9)
    assert encoder.current_momentum() == pytest.approx(0.9)


def test_a_resumed_encoder_follows_the_step_before_the_checkpoint():
    backbone, neck, encoder = networks()
    optimizer = torch.optim.SGD(
        [*backbone.parameters(), *neck.parameters()], lr=0.1
    )
    backward(backbone, neck)
    optimizer.step()
    saved = copy.deepcopy([m.state_dict() for m in (backbone, neck, encoder)])
    encoder.follow(backbone, neck)
    others = networks()
    torch.manual_seed(1)
    others = (
        SmallR3D(widths=(4, 6)),
        ProjectionNeck(6, 8, 5, num_hidden=1, norm_cfg=dict(type='BN1d')),
    )
    resumed = MomentumEncoder(*others, 0.75)
    for module, state in zip((*others, resumed), saved, strict=True):
        module.load_state_dict(state)
    resumed.follow(*others)
    assert same(encoder.parameters(), resumed.parameters())


def test_statistics_are_those_of_the_keys_and_stay_its_own():
    backbone, neck, encoder = networks()
    own = encoder.backbone.stages[0][0].bn
    encoder(clips())
    after_keys = own.running_mean.clone()
    assert after_keys.abs().sum() > 0
    assert backbone.stages[0][0].bn.num_batches_tracked == 0
    backward(backbone, neck)
    with torch.no_grad():
        neck.projection[0].weight.add_(1)
    encoder.follow(backbone, neck)
    assert torch.equal(own.running_mean, after_keys)
    assert own.num_batches_tracked == 1


def test_embeddings_are_the_copies_and_have_no_gradient():
    backbone, neck, encoder = networks()
    embeddings = encoder(clips())
    assert not embeddings.requires_grad
    expected, _ = neck(backbone(clips()))
    torch.testing.assert_close(embeddings, expected)
    assert not any(p.requires_grad for p in encoder.parameters())


def test_a_weight_decay_of_everything_leaves_the_copies():
    backbone, neck, encoder = networks(momentum=1.0)
    before = weights(encoder)
    everything = nn.ModuleList([backbone, neck, encoder])
    optimizer = torch.optim.SGD(
        everything.parameters(), lr=0.1, weight_decay=0.1
    )
    backward(backbone, neck)
    optimizer.step()
    encoder.follow(backbone, neck)
    assert same(before, encoder.parameters())


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match=r'in \[0, 1\], got 1\.5'):
        networks(momentum=1.5)
    with pytest.raises(ValueError, match=r"'constant'.*got 'linear'"):
        networks(schedule='linear')

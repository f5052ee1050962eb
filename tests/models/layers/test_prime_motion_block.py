"""The motion block: an identity at first, and cost volumes inside."""

import pytest
import torch
from torch import nn

from vsslcodebase.models.layers import PrimeMotionBlock, cost_volume


def make_block(**options):
    torch.manual_seed(0)
    return PrimeMotionBlock(16, **{'max_displacement': 2, **options})


def features(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_new_block_changes_nothing():
    block, feats = make_block(), features(2, 16, 3, 5, 6)
    fused, motion = block(feats)
    assert torch.equal(fused, feats)
    assert motion.shape == (2, 4, 3, 5, 6)
    block.init_weights()
    assert torch.equal(block(feats)[0], feats)


def test_fusion_gets_a_gradient_from_the_start():
    block = make_block()
    block(features(2, 16, 3, 5, 6))[0].square().sum().backward()
    assert block.fuse.norm.weight.grad.abs().min() > 0


def test_motion_is_that_of_the_parts_frame_by_frame():
    block = make_block().eval()
    feats = features(2, 16, 3, 5, 6)
    for norm in (m for m in block.modules() if isinstance(m, nn.BatchNorm3d)):
        nn.init.uniform_(norm.running_mean)
    reduced = block.reduce(feats)
    maps = []
    for frame in range(3):
        one, two = reduced[:, :, frame], reduced[:, :, min(frame + 1, 2)]
        costs = cost_volume(one, two, 2, 2)[:, :, None]
        costs = block.cost_norm(costs).relu()
        maps.append(block.combine(torch.cat([costs, one[:, :, None]], 1)))
    torch.testing.assert_close(block.motion(feats), torch.cat(maps, 2))


def test_last_frame_is_its_own_next_one():
    block = make_block().eval()
    feats = features(1, 16, 3, 5, 6)
    still = torch.cat([feats[:, :, :2], feats[:, :, 1:2]], 2)
    # frame 1 of `still` meets itself, as does its last frame
    motion = block.motion(still)
    torch.testing.assert_close(motion[:, :, 1], motion[:, :, 2])
    torch.testing.assert_close(
        block.motion(feats[:, :, 2:].repeat(1, 1, 2, 1, 1))[:, :, 0],
        block.motion(feats)[:, :, 2],
    )


def test_size_of_the_papers_block():
    block = PrimeMotionBlock(256)
    assert block.cost_norm.num_features == 49
    assert block.combine.conv.weight.shape == (64, 49 + 32, 1, 3, 3)
    assert block.fuse.conv.weight.shape == (256, 64, 1, 1, 1)


@pytest.mark.parametrize(
    ('shape', 'message'),
    [
        ((1, 16, 1, 5, 6), 'have 1 frame: take longer clips'),
        ((1, 16, 2, 2, 6), 'a displacement of 2 leaves a map of 2x6'),
        ((1, 8, 2, 5, 6), r'expected\s+\(N, 16, T, H, W\)'),
        ((16, 2, 5, 6), r'expected\s+\(N, 16, T, H, W\)'),
    ],
)
def test_features_without_motion_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        make_block()(features(*shape))


@pytest.mark.parametrize(
    'options', [dict(reduction=32), dict(stride=0), dict(max_displacement=0)]
)
def test_sizes_of_nothing_are_refused(options):
    with pytest.raises(ValueError, match='at least 1 reduced channel'):
        make_block(**options)


def test_bfloat16_keeps_costs_in_float32():
    block, feats = make_block().eval(), features(1, 16, 3, 5, 6)
    with torch.autocast('cpu', torch.bfloat16):
        rough = block.motion(feats)
    torch.testing.assert_close(
        rough.float(), block.motion(feats), rtol=0.1, atol=0.05
    )

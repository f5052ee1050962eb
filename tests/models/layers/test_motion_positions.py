"""Positions drawn, and maps read there as if they were upsampled."""

import pytest
import torch
import torch.nn.functional as F

from vsslcodebase.models.layers import draw_positions, gather_positions

CPU = torch.device('cpu')


def seeded():
    return torch.Generator().manual_seed(0)


def test_no_position_twice_and_each_clip_its_own():
    positions = draw_positions(50, 12, 5, CPU, seeded())
    assert positions.shape == (50, 5)
    assert all(len(row.unique()) == 5 for row in positions)
    assert len(positions.unique(dim=0)) > 40
    counts = positions.flatten().bincount(minlength=12)
    # 250 draws of 12 places: 20.8 each, with a deviation of 3.5
    assert counts.min() > 7
    assert counts.max() < 35


def test_of_a_small_map_all_positions_are_taken():
    positions = draw_positions(2, 6, 32, CPU)
    assert torch.equal(
        positions.sort(dim=1).values, torch.arange(6).expand(2, 6)
    )


@pytest.mark.parametrize(
    ('small', 'large'),
    [
        ((4, 3, 5), (4, 3, 5)),
        ((2, 7, 7), (4, 14, 14)),
        ((2, 4, 4), (8, 8, 8)),
        ((3, 5, 2), (5, 9, 7)),  # odd sizes, as of strided convolutions
        ((4, 7, 7), (7, 13, 13)),
        ((1, 1, 1), (3, 2, 5)),
    ],
)
def test_gathered_is_upsampled_and_indexed(small, large):
    motion = torch.randn(2, 3, *small, generator=seeded())
    positions = draw_positions(2, large[1] * large[2], 6, CPU, seeded())
    got = gather_positions(motion, positions, large)
    upsampled = F.interpolate(motion, size=large).flatten(3)  # (N, C, T, HW)
    for clip in range(2):
        expected = upsampled[clip][:, :, positions[clip]]  # (C, T, K)
        assert torch.equal(got[clip], expected.permute(2, 1, 0))


def test_gradient_is_that_of_upsampling():
    motion = torch.randn(2, 3, 2, 4, 4, generator=seeded())
    first = motion.clone().requires_grad_()
    second = motion.clone().requires_grad_()
    everywhere = torch.arange(64).expand(2, 64)
    gather_positions(first, everywhere, (4, 8, 8)).square().sum().backward()
    F.interpolate(second, size=(4, 8, 8)).square().sum().backward()
    torch.testing.assert_close(first.grad, second.grad)

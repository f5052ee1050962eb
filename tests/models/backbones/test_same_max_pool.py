import itertools

import pytest
import torch
import torch.nn.functional as F

from vsslcodebase.models.backbones.same_max_pool import SameMaxPool3d

# of S3D: after conv1, after conv3, after conv4, within Inception
POOLS = [
    ((1, 3, 3), (1, 2, 2)),
    ((3, 3, 3), (2, 2, 2)),
    ((2, 2, 2), (2, 2, 2)),
    ((3, 3, 3), (1, 1, 1)),
]


def windows(size, length, step):
    """TensorFlow's 'SAME': the positions of each window that exist."""
    count = (size + step - 1) // step
    beyond = max((count - 1) * step + length - size, 0)
    first = -(beyond // 2)
    for start in range(first, first + count * step, step):
        yield slice(max(start, 0), min(start + length, size))


def pool_by_loops(x, kernel_size, stride):
    axes = [
        list(windows(*axis)) for axis in zip(x.shape[2:], kernel_size, stride)
    ]
    maxima = [
        x[:, :, t, h, w].amax((2, 3, 4))
        for t, h, w in itertools.product(*axes)
    ]
    return torch.stack(maxima, -1).unflatten(-1, [len(a) for a in axes])


@pytest.mark.parametrize(('kernel_size', 'stride'), POOLS)
def test_pool_is_that_of_loops_over_same_windows(kernel_size, stride):
    torch.manual_seed(0)
    for sizes in [(4, 6, 8), (5, 7, 6), (1, 1, 2), (3, 2, 1), (1, 1, 1)]:
        # negative numbers, too: what lies beyond the edge is no zero
        x = torch.randn(2, 3, *sizes) - 2
        pooled = SameMaxPool3d(kernel_size, stride)(x)
        assert torch.equal(pooled, pool_by_loops(x, kernel_size, stride))


def test_even_maps_are_padded_at_the_end_only():
    """TensorFlow pads 6 positions for windows of 3, step 2, by one 0 each."""
    x = torch.rand(1, 1, 4, 6, 6)  # as after a ReLU: zeros are not maxima
    padded = F.pad(x, (0, 1, 0, 1, 0, 1))
    expected = F.max_pool3d(padded, 3, 2)
    assert torch.equal(SameMaxPool3d((3, 3, 3), (2, 2, 2))(x), expected)


def test_options_are_printed():
    text = repr(SameMaxPool3d((1, 3, 3), (1, 2, 2)))
    assert 'kernel_size=(1, 3, 3), stride=(1, 2, 2)' in text

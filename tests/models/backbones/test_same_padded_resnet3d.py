import pytest
import torch
from peer_toys import random_clip, shake

from vsslcodebase.models.backbones import SamePaddedResNet3d, VideoResNet3d
from vsslcodebase.models.backbones.same_max_pool import same_padding
from vsslcodebase.models.backbones.same_padded_resnet3d import SameConv3d
from vsslcodebase.registry import MODELS

CFG = dict(
    depth=50,
    base_channels=2,
    conv1_kernel=(5, 7, 7),
    conv1_stride_t=2,
    with_pool2=False,
    inflate=(0, 0, 1, 1),
)


@pytest.mark.parametrize(
    ('n', 'length', 'step', 'expected'),
    [
        (224, 7, 2, (2, 3)),  # the stem's width: one more at the end
        (16, 5, 2, (1, 2)),  # its time
        (225, 7, 2, (3, 3)),  # odd sizes are as PyTorch pads them
        (56, 3, 2, (0, 1)),
        (56, 3, 1, (1, 1)),
        (8, 1, 2, (0, 0)),  # a shortcut
        (3, 2, 3, (0, 0)),  # no position missing
    ],
)
def test_windows_reach_beyond_the_edges_as_tensorflow_documents(
    n, length, step, expected
):
    assert same_padding(n, length, step) == expected


@pytest.mark.parametrize('size', [(6, 9, 8), (5, 8, 7), (4, 4, 4)])
def test_a_window_begins_where_tensorflow_puts_it(size):
    """A loop over output positions, each a window of the padded input."""
    torch.manual_seed(0)
    kernel, stride = (5, 3, 7), (2, 2, 3)
    conv = SameConv3d(2, 3, kernel, stride, bias=True)
    x = torch.randn(1, 2, *size)
    out = conv(x)
    assert out.shape[2:] == tuple(-(-n // s) for n, s in zip(size, stride))
    for place in torch.cartesian_prod(*map(torch.arange, out.shape[2:])):
        expected = conv.bias.detach().clone()
        for offset in torch.cartesian_prod(*map(torch.arange, kernel)):
            at = [
                int(p) * s + int(o) - same_padding(n, k, s)[0]
                for p, s, o, n, k in zip(place, stride, offset, size, kernel)
            ]
            if all(0 <= a < n for a, n in zip(at, size)):
                t, h, w = at
                weight = conv.weight[:, :, offset[0], offset[1], offset[2]]
                expected += weight.detach() @ x[0, :, t, h, w]
        found = out[0, :, place[0], place[1], place[2]]
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_odd_sizes_make_no_difference_and_even_ones_do():
    ours = shake(SamePaddedResNet3d(**CFG))
    torchs = VideoResNet3d(**CFG).eval()
    torchs.load_state_dict(ours.state_dict())
    # every map of an odd size 2^5 k + 1 stays odd
    odd, even = random_clip(1, 3, 9, 33, 65), random_clip(1, 3, 8, 32, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(odd), torchs(odd))
        assert ours(even).shape == torchs(even).shape
        assert (ours(even) - torchs(even)).abs().max() > 0.01


def test_all_of_its_convolutions_pad_so():
    network = MODELS.build(dict(type='SamePaddedResNet3d', **CFG))
    convs = [m for m in network.modules() if isinstance(m, torch.nn.Conv3d)]
    assert len(convs) == 53
    assert {type(conv) for conv in convs} == {SameConv3d}

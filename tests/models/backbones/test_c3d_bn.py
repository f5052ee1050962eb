import pytest
import torch
import torch.nn.functional as F
from conv_oracles import conv_norm, randomise

from vsslcodebase.models.backbones import C3DBN


def test_forward_is_that_of_functions():
    network = randomise(C3DBN(base_channels=2))
    x = torch.randn(2, 3, 8, 16, 20)
    expected = x
    for name in network.layers:
        if name.startswith('pool'):
            size = (1, 2, 2) if name == 'pool1' else (2, 2, 2)
            expected = F.max_pool3d(expected, size)
            continue
        for unit in getattr(network, name):
            expected = conv_norm(expected, unit, padding=(1, 1, 1)).relu()
    assert expected.shape == (2, 16, 1, 1, 1)
    torch.testing.assert_close(network(x), expected)


def test_order_of_layers_and_number_of_convolutions():
    network = C3DBN(base_channels=1)
    assert ' '.join(network.layers) == (
        'conv1 pool1 conv2 pool2 conv3 pool3 conv4 pool4 conv5'
    )
    convs = [len(network.get_submodule(f'conv{i}')) for i in range(1, 6)]
    assert convs == [1, 1, 2, 2, 2]
    assert network.conv1[0].conv.bias is not None


@pytest.mark.parametrize('size', [(7, 16, 16), (8, 15, 16), (8, 16, 15)])
def test_clips_that_the_pools_use_up_are_refused(size):
    network = C3DBN(base_channels=1).eval()
    assert network(torch.zeros(1, 3, 8, 16, 16)).numel() == 8
    got = ' x '.join(str(n) for n in size)
    message = rf'T x H x W = {got} .* at least 8 frames of 16 x 16'
    with pytest.raises(ValueError, match=message):
        network(torch.zeros(1, 3, *size))

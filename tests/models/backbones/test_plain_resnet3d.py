import pytest
import torch
from conv_oracles import conv_norm, randomise, space_then_time

from vsslcodebase.models.backbones import PlainResNet3d

TORCHVISION = dict(
    stem_mid_channels=45, plain_shortcuts=True, share_mid_channels=True
)


def tiny(**options):
    return randomise(PlainResNet3d(**{'base_channels': 4, **options}))


def whole_3x3x3(x, unit, stride=1):
    return conv_norm(x, unit, (stride,) * 3, (1, 1, 1))


def test_forward_with_whole_convolutions_is_that_of_functions():
    network = tiny(num_blocks=(1, 1))
    x = torch.randn(2, 3, 4, 12, 12)
    y = conv_norm(x, network.conv1, (1, 2, 2), (1, 3, 3)).relu()
    block = network.conv2[0]
    y = (
        y + whole_3x3x3(whole_3x3x3(y, block.conv1).relu(), block.conv2)
    ).relu()
    block = network.conv3[0]
    z = whole_3x3x3(y, block.conv1, 2).relu()
    z = whole_3x3x3(z, block.conv2)
    expected = (z + conv_norm(y, block.shortcut, (2, 2, 2))).relu()
    assert expected.shape == (2, 8, 2, 3, 3)
    torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize('plain_shortcuts', [False, True])
def test_forward_with_factorised_convolutions(plain_shortcuts):
    network = tiny(
        block='r2plus1d', num_blocks=(1, 1), plain_shortcuts=plain_shortcuts
    )
    x = torch.randn(2, 3, 4, 12, 12)
    stem = network.conv1
    y = conv_norm(x, stem.spatial, (1, 2, 2), (0, 3, 3)).relu()
    y = conv_norm(y, stem.temporal, (1, 1, 1), (1, 0, 0)).relu()
    block = network.conv2[0]
    z = space_then_time(y, block.conv1).relu()
    y = (y + space_then_time(z, block.conv2)).relu()
    block = network.conv3[0]
    z = space_then_time(y, block.conv1, stride=2).relu()
    z = space_then_time(z, block.conv2)
    if plain_shortcuts:
        short = conv_norm(y, block.shortcut, (2, 2, 2))
    else:
        short = space_then_time(y, block.shortcut, stride=2, kernel=1)
    expected = (z + short).relu()
    assert expected.shape == (2, 8, 2, 3, 3)
    torch.testing.assert_close(network(x), expected)


def test_only_the_first_block_of_a_later_stage_has_strides():
    network = tiny(num_blocks=(2, 3))
    strides = [
        block.conv1.conv.stride[0]
        for stage in (network.conv2, network.conv3)
        for block in stage
    ]
    assert strides == [1, 1, 2, 1, 1]
    shortcuts = [
        name for name, _ in network.named_parameters() if 'shortcut' in name
    ]
    assert {name.split('.shortcut')[0] for name in shortcuts} == {'conv3.0'}


def test_flat_stages_leave_time_alone():
    network = tiny(num_blocks=(1, 1, 1), flat_from=3)
    x = torch.randn(2, 3, 4, 12, 12)
    y = network.conv2(network.conv1(x))
    assert network.conv2[0].conv1.conv.kernel_size == (3, 3, 3)
    block = network.conv3[0]
    z = conv_norm(y, block.conv1, (1, 2, 2), (0, 1, 1)).relu()
    z = conv_norm(z, block.conv2, (1, 1, 1), (0, 1, 1))
    expected = (z + conv_norm(y, block.shortcut, (1, 2, 2))).relu()
    assert expected.shape == (2, 8, 4, 3, 3)
    torch.testing.assert_close(network.conv3(y), expected)
    assert network(x).shape == (2, 16, 4, 2, 2)


def torchvision_r2plus1d18_shapes():
    """Weights of the convolutions of that network in its own order."""
    yield 45, 3, 1, 7, 7
    yield 64, 45, 3, 1, 1
    width = 64
    for stage in range(4):
        planes = 64 * 2**stage
        for block in range(2):
            # one number for both convolutions of a block
            mid = (width * planes * 27) // (width * 9 + 3 * planes)
            for channels in (width, planes):
                yield mid, channels, 1, 3, 3
                yield planes, mid, 3, 1, 1
            if stage > 0 and block == 0:
                yield planes, width, 1, 1, 1
            width = planes


def test_options_give_the_network_of_torchvision_in_its_order():
    with torch.device('meta'):
        network = PlainResNet3d('r2plus1d', (2, 2, 2, 2), **TORCHVISION)
    shapes = [p.shape for p in network.parameters() if p.ndim == 5]
    assert [tuple(s) for s in shapes] == list(torchvision_r2plus1d18_shapes())


@pytest.mark.parametrize(
    ('block', 'options', 'backbone', 'classes', 'total'),
    [
        ('r3d', {}, 33_166_272, 400, 33_371_472),
        ('r3d', dict(flat_from=3), 11_490_240, 400, 11_695_440),
        ('r2plus1d', TORCHVISION, 31_300_125, 400, 31_505_325),
    ],
)
def test_two_blocks_and_a_classifier_have_the_size_that_is_published(
    block, options, backbone, classes, total
):
    with torch.device('meta'):
        network = PlainResNet3d(block, (2, 2, 2, 2), **options)
    assert sum(p.numel() for p in network.parameters()) == backbone
    assert backbone + network.feat_dim * classes + classes == total


@pytest.mark.parametrize('block', ['r3d', 'r2plus1d'])
def test_a_single_pixel_is_input_enough(block):
    network = tiny(block=block)
    assert network(torch.randn(1, 3, 1, 1, 1)).shape == (1, 32, 1, 1, 1)
    assert network(torch.randn(1, 3, 9, 33, 31)).shape == (1, 32, 2, 3, 2)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(block='r4d'), "one of r3d, r2plus1d, got 'r4d'"),
        (dict(num_blocks=(1, 0)), r'every stage, got \(1, 0\)'),
        (dict(num_blocks=()), r'every stage, got \(\)'),
        (dict(plain_shortcuts=True), "set block='r2plus1d'"),
        (dict(stem_mid_channels=45), "set block='r2plus1d'"),
        (dict(share_mid_channels=True), "set block='r2plus1d'"),
        (dict(block='r2plus1d', flat_from=3), "set block='r3d'"),
        (dict(flat_from=1), 'conv2 to conv5 by its number, got 1'),
        (dict(flat_from=6), 'conv2 to conv5 by its number, got 6'),
    ],
)
def test_options_of_no_network_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        PlainResNet3d(**options)

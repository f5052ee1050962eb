import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vsslcodebase.evaluation.layers import LayerReader, pool_map


class Net(nn.Module):
    """Two stages; ``relu`` changes what ``conv4`` gave, in place."""

    def __init__(self, with_pool4=False):
        super().__init__()
        self.conv4 = nn.Conv3d(3, 4, 1)
        if with_pool4:
            self.pool4 = nn.MaxPool3d((1, 2, 2))
        self.relu = nn.ReLU(inplace=True)
        self.conv5 = nn.Sequential(nn.Conv3d(4, 5, 1), nn.BatchNorm3d(5))
        self.aside = nn.Linear(1, 1)

    def forward(self, x):
        x = self.relu(self.conv4(x))
        if hasattr(self, 'pool4'):
            x = self.pool4(x)
        return self.relu(self.conv5(x))


@pytest.fixture
def clips():
    return torch.randn(
        2, 3, 2, 6, 6, generator=torch.Generator().manual_seed(0)
    )


def net(**options):
    torch.manual_seed(1)
    return Net(**options).eval()


def num_hooks(model):
    return sum(len(module._forward_hooks) for module in model.modules())


def test_default_is_the_average_of_the_last_map(clips):
    model = net()
    expected = model(clips).mean((2, 3, 4))
    torch.testing.assert_close(LayerReader(model)(clips), expected)


def test_p5_is_a_max_pool_of_the_last_map_by_hand(clips):
    model = net()
    cells = model(clips).view(2, 5, 2, 3, 2, 3, 2)
    expected = cells.amax((4, 6)).flatten(1)
    found = LayerReader(model, 'p5')(clips)
    assert found.shape == (2, 5 * 2 * 3 * 3)
    assert torch.equal(found, expected)


def test_p4_is_conv4_pooled_before_anything_changes_it(clips):
    model = net()
    before_relu = model.conv4(clips)
    assert before_relu.min() < 0
    found = LayerReader(model, 'p4')(clips)
    assert torch.equal(found, F.max_pool3d(before_relu, (1, 2, 2)).flatten(1))


def test_p4_of_a_network_with_pool4_is_all_of_its_output(clips):
    model = net(with_pool4=True)
    expected = F.max_pool3d(model.conv4(clips).relu(), (1, 2, 2))
    assert torch.equal(LayerReader(model, 'p4')(clips), expected.flatten(1))
    gap = LayerReader(model, 'p4', pool='gap')(clips)
    torch.testing.assert_close(gap, expected.mean((2, 3, 4)))


def test_any_module_by_its_dotted_name(clips):
    model = net()
    reader = LayerReader(model, 'conv5.0', pool='flat')
    expected = model.conv5[0](model.conv4(clips).relu()).flatten(1)
    assert torch.equal(reader(clips), expected)


def test_no_hook_is_left_behind_even_by_a_failure(clips):
    model = net()
    reader = LayerReader(model, 'conv4')
    reader(clips)
    with pytest.raises(RuntimeError):
        reader(clips[:, :2])
    assert num_hooks(model) == 0


def test_cells_of_the_average():
    maps = torch.arange(16.0).view(1, 1, 1, 4, 4)
    assert pool_map(maps, 'gap', 2).tolist() == [[2.5, 4.5, 10.5, 12.5]]


def test_vectors_of_a_layer_are_features_already():
    vectors = torch.eye(3)
    assert torch.equal(pool_map(vectors, 'gap'), vectors)


@pytest.mark.parametrize(
    ('layer', 'message'),
    [
        ('conv6', "no layer 'conv6'; did you mean conv5 or conv4"),
        (
            'nothing',
            r'there are conv4, relu, conv5, conv5\.0, conv5\.1, aside;',
        ),
        ('conv5.7', r'layers in conv5 are conv5\.0, conv5\.1;'),
        ('conv4.relu', 'layers there are conv4, relu'),
        ('', "no layer ''"),
    ],
)
def test_an_unknown_layer_is_answered_with_those_there_are(layer, message):
    with pytest.raises(ValueError, match=message):
        LayerReader(net(), layer)


def test_many_layers_are_listed_by_their_upper_levels():
    blocks = [nn.Sequential(*map(nn.Identity, range(9))) for _ in range(5)]
    model = nn.Sequential(*map(nn.Sequential, blocks))
    listed = r'0, 0\.0, 1, 1\.0, 2, 2\.0, 3, 3\.0, 4, 4\.0 and, with dots'
    with pytest.raises(ValueError, match=listed):
        LayerReader(model, 'x')
    with pytest.raises(ValueError, match=r"'x'\. The layers there are none;"):
        LayerReader(nn.ReLU(), 'x')


def test_p4_needs_a_layer_of_its_names():
    with pytest.raises(ValueError, match='is pool4, conv4 or layer3'):
        LayerReader(nn.Sequential(nn.ReLU()), 'p4')


@pytest.mark.parametrize(
    ('layer', 'message'),
    [('relu', 'ran 2 times'), ('aside', 'ran 0 times')],
)
def test_a_layer_runs_exactly_once(clips, layer, message):
    with pytest.raises(ValueError, match=message):
        LayerReader(net(), layer)(clips)


def test_one_tensor_is_wanted(clips):
    class Two(nn.Module):
        def forward(self, x):
            return x, x

    with pytest.raises(TypeError, match='gave a tuple'):
        LayerReader(Two())(clips)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(pool='mean'), 'gap, max, flat'),
        (dict(pool='max', pool_size=2), "cells for pool='gap'"),
        (dict(pool_size=0), '1 or more'),
    ],
)
def test_poolings_are_known(options, message):
    with pytest.raises(ValueError, match=message):
        LayerReader(net(), **options)


def test_maps_too_small_for_a_max_pool_are_refused():
    with pytest.raises(ValueError, match='map of 2 x 2 or more'):
        pool_map(torch.ones(1, 2, 3, 1, 4), 'max')

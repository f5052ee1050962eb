import copy

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.registry import init_default_scope
from motion_toys import BACKBONE
from oracles.grad_cam import grad_cam_plus_plus as slow_grad_cam
from torch import nn

from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.registry import MODELS
from vsslcodebase.visualization.attention import enlarge
from vsslcodebase.visualization.grad_cam import (
    class_attention,
    grad_cam_plus_plus,
)

RESNET = dict(
    depth=50,
    base_channels=4,
    conv1_kernel=(1, 3, 3),
    conv1_stride_t=1,
    pool1_stride_t=1,
    with_pool2=False,
    temporal_strides=(1, 2, 1, 1),
)
BACKBONES = {
    'SmallR3D': dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2)),
    'MotionResNet3d': BACKBONE,
    'FactorisedResNet3d': dict(
        RESNET, type='FactorisedResNet3d', inflate=(0, 0, 1, 1)
    ),
    'mmaction.ResNet3d': dict(RESNET, type='mmaction.ResNet3d'),
}
WIDTHS = (6, 16, 128, 128)


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')


def drawn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_maps_are_those_of_derivatives_of_the_exponential(seed):
    activations = drawn(3, 2, 2, 2, seed=seed).relu()
    hidden, out = drawn(5, 24, seed=seed + 10), drawn(5, seed=seed + 20)

    def score(a):  # piecewise linear, as a network's head
        return (hidden @ a.flatten()).relu() @ out / 5

    leaf = activations.clone().requires_grad_()
    value = score(leaf)
    (gradients,) = torch.autograd.grad(value, leaf)
    found = grad_cam_plus_plus(activations[None], gradients[None])[0]
    expected = slow_grad_cam(activations, score) / value.exp().item()
    assert expected.max() > 0
    assert torch.allclose(found.double(), expected, atol=1e-5)


def closed_form(maps, weights):
    """Of S = weights . averages: each channel weighs w / (2 + w mean)."""
    means = maps.mean((2, 3, 4), keepdim=True)
    w = weights.relu()[:, None, None, None]
    return (w / (2 + w * means) * maps).sum(1).relu()


def test_a_linear_head_on_averages_has_a_closed_form():
    maps, weights = drawn(2, 3, 2, 3, 4).relu().float(), drawn(3).float()
    gradients = (weights / 24)[:, None, None, None].expand_as(maps)
    found = grad_cam_plus_plus(maps, gradients)
    assert torch.allclose(found, closed_form(maps, weights), atol=1e-6)


def test_what_speaks_against_a_class_is_not_shown():
    maps = torch.tensor([[1.0, 0], [0, 1]]).view(1, 2, 1, 1, 2)
    gradients = torch.tensor([1.0, -1]).view(1, 2, 1, 1, 1).expand_as(maps)
    found = grad_cam_plus_plus(maps, gradients)
    # both positions of channel 0 give 1 / (2 + 1)
    assert found.flatten().tolist() == pytest.approx([2 / 3, 0])
    assert not grad_cam_plus_plus(maps, 0 * gradients).any()


def test_negative_sums_do_not_divide_by_zero():
    maps = torch.tensor([-4.0, 2.0]).view(1, 1, 1, 1, 2)
    found = grad_cam_plus_plus(maps, torch.ones_like(maps))
    assert found.flatten().tolist() == [0, 2]  # weights 1/2 + 1/2


def test_half_precision_is_computed_in_float32():
    maps = torch.full((1, 1, 4, 64, 64), 100.0, dtype=torch.float16)
    found = grad_cam_plus_plus(maps, torch.ones_like(maps))
    total = 4 * 64 * 64
    # w = total / (2 + 100 total), of which the map has 100
    expected = 100 * total / (2 + 100 * total)
    assert found[0, 0, 0, 0].item() == pytest.approx(expected)


def test_other_shapes_are_refused():
    maps = torch.ones(1, 2, 1, 2, 2)
    with pytest.raises(ValueError, match='have one shape'):
        grad_cam_plus_plus(maps, maps[:, :1])
    with pytest.raises(ValueError, match=r'map \(N, C, t, h, w\)'):
        grad_cam_plus_plus(maps[0], maps[0])


def recognizer(backbone, width, **options):
    cfg = dict(
        type='mmaction.Recognizer3D',
        backbone=backbone,
        cls_head=dict(
            type='LinearClsHead',
            num_classes=3,
            in_channels=width,
            feature_norm='none',
        ),
        data_preprocessor=dict(type='ClipDataPreprocessor'),
    )
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy({**cfg, **options}))
    nn.init.normal_(model.cls_head.fc_cls.weight)
    return model.eval().requires_grad_(False)


def batch(clips=2, size=32):
    generator = torch.Generator().manual_seed(1)
    shape = (clips, 3, 4, size, size)
    inputs = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    return dict(inputs=[inputs], data_samples=[ActionDataSample()])


@pytest.mark.parametrize(
    ('name', 'width'), zip(BACKBONES, WIDTHS), ids=BACKBONES
)
def test_last_map_of_any_network_gives_the_closed_form(name, width):
    model = recognizer(BACKBONES[name], width)
    videos = batch()
    found = class_attention(model, copy.deepcopy(videos), target=1)
    clips = model.data_preprocessor(videos)['inputs'][0]
    maps = model.backbone(clips)
    weights = model.cls_head.fc_cls.weight[1]
    expected = enlarge(closed_form(maps, weights), (4, 32, 32))
    assert expected.max() > 0
    assert torch.allclose(found.maps, expected, rtol=1e-4, atol=1e-6)
    scores = model.cls_head(maps).softmax(1).mean(0)
    assert torch.allclose(found.probabilities, scores)


def test_a_layer_is_left_as_it_was_and_asked_by_name():
    model = recognizer(BACKBONES['SmallR3D'], 6)
    found = class_attention(model, batch(), 'stages.0', target=0)
    reader = LayerReader(model.backbone, 'stages.0')
    clips = model.data_preprocessor(batch())['inputs'][0]
    leaf = reader.read_map(clips).requires_grad_()
    out = model.cls_head(model.backbone.stages[1](leaf))
    (gradients,) = torch.autograd.grad(out[:, 0].sum(), leaf)
    cells = grad_cam_plus_plus(leaf.detach(), gradients)
    assert torch.allclose(found.maps, enlarge(cells, (4, 32, 32)), atol=1e-6)
    hooks = [m._forward_hooks for m in model.backbone.modules()]
    assert not any(hooks)


def test_clips_do_not_see_each_other():
    model = recognizer(BACKBONES['SmallR3D'], 6)
    both = class_attention(model, batch(), target=2).maps
    second = batch()
    second['inputs'] = [second['inputs'][0][1:]]
    alone = class_attention(model, second, target=2).maps
    assert torch.allclose(both[1:], alone, atol=1e-6)


class Bright(nn.Module):
    """Channel 0 is the frame's brightness, channel 1 what is dark in it."""

    def __init__(self):
        super().__init__()
        self.grey = nn.AvgPool3d((1, 2, 2))
        self.last = nn.ReLU(inplace=True)

    def forward(self, x):
        bright = self.grey(x[:, :1])
        return self.last(torch.cat([bright, 3 - bright], dim=1))


class TwoMaps(nn.Module):
    """A network of two pathways."""

    def forward(self, x):
        return x, x


def test_the_map_is_where_the_class_is():
    model = recognizer(BACKBONES['SmallR3D'], 2)
    model.backbone = Bright()
    weight = model.cls_head.fc_cls.weight
    weight.copy_(torch.tensor([[5.0, -1], [-1, 5], [0, 0]]))
    clip = torch.full((1, 3, 2, 12, 12), 100, dtype=torch.uint8)
    clip[:, :, 1, 8:10, 2:4] = 255
    video = dict(inputs=[clip], data_samples=[ActionDataSample()])
    for layer in (None, 'last'):
        bright, dark, nothing = (
            class_attention(model, copy.deepcopy(video), layer, target).maps[0]
            for target in range(3)
        )
        t, y, x = torch.unravel_index(bright.argmax(), bright.shape)
        assert (t, y // 2, x // 2) == (1, 4, 1)
        t, y, x = torch.unravel_index(dark.argmin(), dark.shape)
        assert (t, y // 2, x // 2) == (1, 4, 1)
        assert not nothing.any()


def test_the_likeliest_class_is_asked_about():
    model = recognizer(BACKBONES['SmallR3D'], 6)
    found = class_attention(model, batch())
    assert found.target == found.probabilities.argmax()
    same = class_attention(model, batch(), target=found.target)
    assert torch.equal(found.maps, same.maps)


def test_paces_are_classes_too():
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='VideoSelfSupervisor',
            backbone=BACKBONES['SmallR3D'],
            neck=dict(type='PoolNeck'),
            head=dict(type='PaceHead', in_channels=6),
        )
    ).eval()
    found = class_attention(model, batch(), target=3)
    maps = model.backbone(model.data_preprocessor(batch())['inputs'][0])
    expected = closed_form(maps, model.head.classifier.weight[3])
    assert torch.allclose(
        found.maps, enlarge(expected, (4, 32, 32)), atol=1e-6
    )


def test_what_cannot_be_asked_is_refused():
    model = recognizer(BACKBONES['SmallR3D'], 6)
    with pytest.raises(ValueError, match='classes are 0 to 2, got 3'):
        class_attention(model, batch(), target=3)
    with pytest.raises(ValueError, match='has no layer'):
        class_attention(model, batch(), 'conv7')
    model.backbone = TwoMaps()
    with pytest.raises(ValueError, match='the backbone gave a tuple'):
        class_attention(model, batch())
    trunk = MODELS.build(
        dict(type='FeatureTrunk', backbone=BACKBONES['SmallR3D'])
    ).eval()
    with pytest.raises(ValueError, match='FeatureTrunk has no classifier'):
        class_attention(trunk, batch())

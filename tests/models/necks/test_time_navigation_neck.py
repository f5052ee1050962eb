"""LTN's neck against Eq. 1 to 5 and its tables."""

import copy

import numpy as np
import pytest
import torch
from time_navigation_toys import build_neck, feature_maps
from torch import nn

from vsslcodebase.models import ProjectionNeck, TimeNavigationNeck

VARIANTS = [(1, True), (2, True), (2, False), (3, True), (3, False)]
DIRECTIONS = torch.tensor([[1.0, 1], [1, 0], [0, 1]])  # of three dimensions


@pytest.mark.parametrize(
    ('variant', 'orthogonal', 'code', 'expected'),
    [
        (1, True, (0.5, -1, 0.25), (1.5, 1, 3.25)),
        (2, True, (0.5, -1), (0.652587, 1.007275, 0.446849)),
        (3, True, (0.5, -1), (0.945305, 2.761802, 2.183503)),
        (3, False, (0.5, -1), (0.5, 2.5, 2)),
    ],
)
def test_navigation_by_hand(variant, orthogonal, code, expected):
    neck = build_neck(in_channels=3, variant=variant, orthogonal=orthogonal)
    if variant != 1:
        neck.basis.data = DIRECTIONS.clone()
    feats = torch.tensor([[1.0, 2, 3]])
    moved = neck.navigate(feats, torch.tensor([code]))
    np.testing.assert_allclose(moved.detach(), [expected], atol=1e-6)


def test_directions_by_hand():
    """The Gram-Schmidt columns; raw QR returns the negative of the first."""
    neck = build_neck(in_channels=3)
    neck.basis.data = DIRECTIONS.clone()
    expected = [[0.707107, 0.408248], [0.707107, -0.408248], [0, 0.816497]]
    np.testing.assert_allclose(neck.directions().detach(), expected, atol=1e-6)
    neck.orthogonal = False
    assert torch.equal(neck.directions(), DIRECTIONS)


@pytest.mark.parametrize('time_input', ['start', 'start-end-delta'])
@pytest.mark.parametrize('time_layers', [1, 2, 3])
def test_forward_is_eq_2_and_5(time_layers, time_input):
    neck = build_neck(time_layers=time_layers, time_input=time_input).eval()
    weights = {k: v.double() for k, v in neck.state_dict().items()}
    feats = feature_maps()
    times = torch.rand(4, 1 if time_input == 'start' else 3) * 9
    embeddings, losses = neck(feats, times=times)

    def perceptron(x, name, num_layers):
        for k in range(num_layers):
            layer = f'{name}.{2 * k}'
            x = x.relu() if k else x
            x = x @ weights[f'{layer}.weight'].T + weights[f'{layer}.bias']
        return x

    f = feats.double().mean((2, 3, 4))
    t = times.double() / (1 + 1e-5) ** 0.5  # statistics are still 0 and 1
    embedded = perceptron(t, 'time_encoder.time_mlp', time_layers)
    assert embedded.shape[1] == (5 if time_layers == 1 else 2)
    both = torch.cat([embedded, f], dim=1)
    code = perceptron(both, 'time_encoder.mlp', 2)
    moved = f + code @ neck.directions().double().T
    expected = perceptron(moved, 'projector.projection', 2)
    torch.testing.assert_close(embeddings.double(), expected)
    assert losses == {}


@pytest.mark.parametrize('variant', [1, 3])
def test_without_a_code_the_neck_is_its_projector(variant):
    neck = build_neck(variant=variant)
    for parameter in neck.time_encoder.mlp[-1].parameters():
        nn.init.zeros_(parameter)
    feats, times = feature_maps(), torch.arange(4.0)[:, None]
    pooled = feats.mean((2, 3, 4), keepdim=True)
    expected, _ = neck.projector(pooled)
    assert torch.equal(neck(feats, times=times)[0], expected)


def test_variant_3_moves_within_the_directions_only():
    neck = build_neck(in_channels=64, num_directions=8)
    feats, code = torch.randn(10, 64), torch.randn(10, 8)
    shift = neck.navigate(feats, code) - feats
    q = neck.directions()
    assert (shift - shift @ q @ q.T).abs().max() < 1e-5
    torch.testing.assert_close(shift @ q, code, rtol=0, atol=1e-5)


# Directions


@pytest.mark.parametrize('num_directions', [1, 64, 256])
def test_directions_are_orthonormal_after_training_steps(num_directions):
    neck = build_neck(in_channels=256, num_directions=num_directions)
    eye = torch.eye(num_directions)
    torch.testing.assert_close(  # from the first step on
        neck.basis.T @ neck.basis, eye, rtol=0, atol=1e-5
    )
    neck.basis.data += 0.05 * torch.randn_like(neck.basis)
    q = neck.directions()
    torch.testing.assert_close(q.T @ q, eye, rtol=0, atol=1e-6)


def test_output_is_continuous_where_raw_qr_changes_sign():
    """As the weight in the corner passes 0, LAPACK negates a column."""
    neck = build_neck(in_channels=3).eval()
    feats, times = feature_maps(channels=3), torch.arange(4.0)[:, None]
    raw, outputs, bases = [], [], []
    for corner in torch.linspace(-0.01, 0.01, 9):
        weight = torch.tensor([[corner, 1], [1, 0], [0, 1]])
        neck.basis.data = weight
        raw.append(torch.linalg.qr(weight)[0])
        bases.append(neck.directions().detach())
        outputs.append(neck(feats, times=times)[0].detach())
    jump, step, move = (
        torch.stack(path).diff(dim=0).abs().amax().item()
        for path in (raw, bases, outputs)
    )
    assert jump > 1.9
    assert step < 0.005
    assert move < 0.005


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_navigation_is_float32_inside_autocast(dtype):
    neck = build_neck(in_channels=64, num_directions=8)
    feats, code = torch.randn(10, 64).to(dtype), torch.randn(10, 8).to(dtype)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        inside = neck.navigate(feats, code)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, neck.navigate(feats.float(), code.float()))


def test_autocast_gives_nearly_the_same_embeddings():
    neck = build_neck()
    feats, times = (
        feature_maps(),
        torch.tensor([[0.0], [3.2], [612.1], [617.9]]),
    )
    expected, _ = neck(feats, times=times)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found, _ = neck(feats.bfloat16(), times=times)
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)


def test_variant_1_has_no_directions():
    with pytest.raises(ValueError, match='variant 1 of LTN has no'):
        build_neck(variant=1).directions()


# Weights


@pytest.mark.parametrize(('variant', 'orthogonal'), VARIANTS)
@pytest.mark.parametrize('time_layers', [1, 3])
def test_gradients_reach_features_and_all_parameters(
    variant, orthogonal, time_layers
):
    """DDP stops where a parameter is not used."""
    neck = build_neck(
        variant=variant, orthogonal=orthogonal, time_layers=time_layers
    )
    assert ('basis' in dict(neck.named_parameters())) == (variant != 1)
    feats = feature_maps(16).requires_grad_()
    embeddings, _ = neck(feats, times=torch.rand(16, 1))
    (embeddings * torch.randn_like(embeddings)).sum().backward()
    for name, parameter in neck.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name
    assert (feats.grad.abs().sum((1, 2, 3, 4)) > 0).all()


def test_gradient_reaches_the_features_through_the_code():
    neck = build_neck().eval()
    feats, times = feature_maps(), torch.rand(4, 1)
    f = feats.mean((2, 3, 4)).requires_grad_()
    neck.time_encoder(f, times).sum().backward()
    assert (f.grad.abs().sum(1) > 0).all()


@pytest.mark.parametrize(
    ('time_layers', 'time_channels', 'embedded', 'time_parameters'),
    [
        (1, 128, 128, 256),
        (1, 1024, 1024, 2048),
        (2, 1024, 64, 2048 + 1025 * 64),
        (2, 2048, 64, 4096 + 2049 * 64),
        (3, 2048, 64, 4096 + 2049 * 2048 + 2049 * 64),
    ],
)
def test_time_encoders_of_table_3(
    time_layers, time_channels, embedded, time_parameters
):
    with torch.device('meta'):
        neck = TimeNavigationNeck(
            dict(type='ProjectionNeck', in_channels=2048),
            time_layers=time_layers,
            time_channels=time_channels,
        )
    encoder = neck.time_encoder

    def count(module):
        return sum(p.numel() for p in module.parameters())

    assert count(encoder.norm) == 2
    assert count(encoder.time_mlp) == time_parameters
    width = 2048 + embedded
    assert count(encoder.mlp) == (width + 1) * width + (width + 1) * 64
    if embedded == 64:
        assert count(encoder.mlp) == 4_597_888  # 4.60 M
    assert neck.basis.shape == (2048, 64)


def test_variant_2_starts_without_biases_that_hide_its_small_product():
    neck = build_neck(variant=2)
    feats, times = feature_maps(), torch.rand(4, 1)
    embeddings, _ = neck(feats, times=times)
    silent, _ = neck(0 * feats, times=times)
    assert silent.abs().max() == 0
    assert embeddings.abs().min() > 0
    plain = build_neck(variant=3).projector.projection[-1]
    assert plain.bias.abs().min() > 0


def test_copies_are_independent_and_equal():
    """The momentum encoder holds one."""
    neck = build_neck().eval()
    twin = copy.deepcopy(neck)
    feats, times = feature_maps(), torch.rand(4, 1)
    before, _ = neck(feats, times=times)
    with torch.no_grad():
        for parameter in neck.parameters():
            parameter.add_(0.1)
    assert torch.equal(twin(feats, times=times)[0], before)
    assert not torch.allclose(neck(feats, times=times)[0], before)


def test_wide_maps_are_pooled_to_cells_once():
    """With pool_size=2 a vector holds 6 * 2 * 2 numbers."""
    neck = build_neck(projector=dict(pool_size=2), num_directions=24)
    assert neck.basis.shape == (24, 24)
    for parameter in neck.time_encoder.mlp[-1].parameters():
        nn.init.zeros_(parameter)
    alone = ProjectionNeck(
        6, 7, 4, num_hidden=1, pool_size=2, norm_cfg=None
    ).eval()
    alone.projection.load_state_dict(neck.projector.projection.state_dict())
    feats = feature_maps(size=6)
    found, _ = neck(feats, times=torch.rand(4, 1))
    torch.testing.assert_close(found, alone(feats)[0])


@pytest.mark.parametrize('width', ['time_channels', 'hidden_channels'])
def test_a_time_encoder_without_width_is_refused(width):
    with pytest.raises(ValueError, match=r'are at least 1, got .* 0'):
        build_neck(**{width: 0})

"""Relations between two clips: Eq. 1 and Eq. 8 of CORP."""

import numpy as np
import pytest
import torch
from oracles import corp as oracle

from vsslcodebase.models.layers import DecouplingAttention, MixedAttention
from vsslcodebase.registry import MODELS

X, Y = torch.tensor([1.0, 2]), torch.tensor([3.0, -1])


def set_parameters(module, **values):
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(torch.tensor(value))
    return module


def arrays(*parameters):
    return [p.detach().double().numpy() for p in parameters]


@pytest.mark.parametrize(('num_heads', 'expected'), [(2, [-1, 6]), (1, [5])])
def test_mixed_attention_of_two_vectors(num_heads, expected):
    module = set_parameters(
        MixedAttention(2, num_heads), query=np.eye(2), key=[[0, 1], [1, 0]]
    )
    assert module(X, Y).tolist() == expected


def test_decoupling_attention_of_two_vectors():
    module = set_parameters(
        DecouplingAttention(2, 1, 1),
        symmetric=[[1, 1]],
        left=[[1, 0]],
        right=[[0, 1]],
    )
    assert module(X, Y).tolist() == [6, -7]
    assert module(Y, X).tolist() == [6, 7]
    # Eq. 8: the sum is x^T M y with M of Eq. 7
    M = np.array([[1, 1 + 1], [1 - 1, 1]])
    assert module(X, Y).sum() == X.numpy() @ M @ Y.numpy() == -1


@pytest.mark.parametrize('counts', [(5, 4), (0, 3), (2, 0)])
def test_decoupling_attention_is_eq_8(counts):
    torch.manual_seed(0)
    module = DecouplingAttention(6, *counts)
    x, y = torch.randn(2, 7, 6)
    matrices = arrays(module.symmetric, module.left, module.right)
    for row, pair in zip(module(x, y), zip(*arrays(x, y))):
        expected = oracle.decoupled_relation(*pair, *matrices)
        np.testing.assert_allclose(row.detach(), expected, atol=1e-5)


@pytest.mark.parametrize('num_heads', [1, 2, 3, 6])
def test_mixed_attention_is_eq_1(num_heads):
    torch.manual_seed(0)
    module = MixedAttention(6, num_heads)
    x, y = torch.randn(2, 7, 6)
    matrices = arrays(module.query, module.key)
    for row, pair in zip(module(x, y), zip(*arrays(x, y))):
        expected = oracle.mixed_relation(*pair, *matrices, num_heads)
        np.testing.assert_allclose(row.detach(), expected, atol=1e-5)


def test_swapped_clips_keep_the_first_heads_and_negate_the_rest():
    torch.manual_seed(0)
    module = DecouplingAttention(16, 10, 7)
    x, y = torch.randn(2, 5, 16)
    there, back = module(x, y), module(y, x)
    assert torch.equal(there[:, :10], back[:, :10])
    assert torch.equal(there[:, 10:], -back[:, 10:])
    assert (module(x, x)[:, 10:] == 0).all()


@pytest.mark.parametrize('name', ['DecouplingAttention', 'MixedAttention'])
def test_pairs_broadcast_and_project_each_clip_once(name, monkeypatch):
    sizes = dict(num_symmetric=3, num_antisymmetric=5)
    if name == 'MixedAttention':
        sizes = dict(num_heads=4)
    module = MODELS.build(dict(type=name, in_channels=8, **sizes))
    z, rows = torch.randn(6, 8), []
    linear = torch.nn.functional.linear

    def counted(x, *args):
        rows.append(x.numel() // 8)
        return linear(x, *args)

    monkeypatch.setattr(torch.nn.functional, 'linear', counted)
    all_pairs = module(z[:, None], z)
    assert rows == [6] * len(rows)
    assert all_pairs.shape == (6, 6, module.out_channels)
    for i, j in np.ndindex(6, 6):
        torch.testing.assert_close(all_pairs[i, j], module(z[i], z[j]))


def test_published_sizes_have_the_published_parameters():
    def count(module):
        return sum(p.numel() for p in module.parameters())

    assert count(DecouplingAttention(128)) == 24_576
    assert count(MixedAttention(128)) == 32_768
    names = [
        name for name, _ in DecouplingAttention(4, 2, 2).named_parameters()
    ]
    assert names == ['symmetric', 'left', 'right']
    names = [name for name, _ in MixedAttention(4, 2).named_parameters()]
    assert names == ['query', 'key']


def test_parameters_start_as_those_of_a_linear_layer():
    torch.manual_seed(0)
    module = DecouplingAttention(64, 500, 500)
    for parameter in module.parameters():
        assert parameter.abs().max() <= 1 / 8
        assert parameter.std().item() == pytest.approx(
            1 / 8 / 3**0.5, rel=0.02
        )


@pytest.mark.parametrize(
    'module', [DecouplingAttention(64, 32, 32), MixedAttention(64, 8)]
)
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_clips_are_related_in_float32(module, dtype):
    x = (torch.randn(2, 4, 64) * 500).to(dtype).requires_grad_()
    related = module(*x)
    assert related.dtype == torch.float32
    assert torch.equal(related, module(*x.float()))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(related, module(*x))
    (related / 1e5).sum().backward()
    assert x.grad.isfinite().all()
    assert module(*x.double()).dtype == torch.float32


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match='num_heads=3, in_channels=8'):
        MixedAttention(8, 3)
    with pytest.raises(ValueError, match='at least one head'):
        DecouplingAttention(8, 0, 0)
    with pytest.raises(ValueError, match='num_symmetric=-1'):
        DecouplingAttention(8, -1, 4)

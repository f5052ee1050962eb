"""All ordered pairs, blockwise, against the plain composition."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from oracles import corp as oracle
from torch import nn

from vsslcodebase.models.layers import (
    DecouplingAttention,
    MixedAttention,
    broadcast_pair_logits,
    pair_logits,
    pairwise_logits,
)


def make(num_symmetric=5, num_antisymmetric=3, hidden=7, classes=3):
    """A relation and a perceptron in float64, where rounding is no excuse."""
    torch.manual_seed(0)
    relation = DecouplingAttention(6, num_symmetric, num_antisymmetric)
    mlp = nn.Sequential(
        nn.Linear(num_symmetric + num_antisymmetric, hidden),
        nn.ReLU(),
        nn.Linear(hidden, classes),
    )
    return relation.double(), mlp.double()


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(pair_logits, 'CPU_BLOCK', 4)


@pytest.fixture
def blockwise_only(small_blocks, monkeypatch):
    """Fail where the plain computation is used."""
    monkeypatch.setattr(pair_logits, 'broadcast_pair_logits', None)


def gradients(function, z, relation, mlp):
    z = z.clone().requires_grad_()
    logits = function(z, relation, mlp)
    weights = torch.arange(logits.numel(), dtype=z.dtype).sin()
    leaves = [z, *relation.parameters(), *mlp.parameters()]
    loss = (logits * weights.view_as(logits)).sum()
    return logits, torch.autograd.grad(loss, leaves)


@pytest.mark.parametrize('sizes', [(5, 3), (1, 8), (0, 3), (3, 0)])
@pytest.mark.parametrize('clips', [5, 8, 11, 12])
@pytest.mark.usefixtures('blockwise_only')
def test_values_and_gradients_are_those_of_the_plain_composition(clips, sizes):
    relation, mlp = make(*sizes, classes=2 + clips % 2)
    z = torch.randn(clips, 6, dtype=torch.float64)
    logits, grads = gradients(pairwise_logits, z, relation, mlp)
    expected, expected_grads = gradients(
        broadcast_pair_logits, z, relation, mlp
    )
    torch.testing.assert_close(logits, expected)
    torch.testing.assert_close(grads, expected_grads)


@pytest.mark.usefixtures('blockwise_only')
def test_logits_are_eq_2():
    relation, mlp = make()
    z = torch.randn(6, 6, dtype=torch.float64)
    logits = pairwise_logits(z, relation, mlp).detach().numpy()
    G, P, Q = (p.detach().numpy() for p in relation.parameters())
    W, b, V, c = (p.detach().numpy() for p in mlp.parameters())
    for i, j in np.ndindex(6, 6):
        r = oracle.decoupled_relation(z[i].numpy(), z[j].numpy(), G, P, Q)
        expected = oracle.perceptron(r, [(W, b), (V, c)])
        np.testing.assert_allclose(logits[i, j], expected, atol=1e-12)


@pytest.mark.usefixtures('blockwise_only')
def test_gradcheck():
    relation, mlp = make(2, 2, 3)
    z = torch.randn(5, 6, dtype=torch.float64, requires_grad=True)

    def logits(z, *_):
        return pairwise_logits(z, relation, mlp)

    parameters = [*relation.parameters(), *mlp.parameters()]
    assert torch.autograd.gradcheck(logits, (z, *parameters))


@pytest.mark.usefixtures('small_blocks')
@pytest.mark.parametrize(
    'mlp',
    [
        nn.Linear(8, 3),
        nn.Sequential(nn.Linear(8, 3)),
        nn.Sequential(nn.Linear(8, 4), nn.GELU(), nn.Linear(4, 3)),
        nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 3, bias=False)),
        nn.Sequential(
            nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 3)
        ),
    ],
    ids=['linear', 'one layer', 'gelu', 'no bias', 'three layers'],
)
@pytest.mark.parametrize(
    'relation', [DecouplingAttention(6, 5, 3), MixedAttention(8, 8)]
)
def test_other_modules_take_the_plain_way(relation, mlp):
    z = torch.randn(9, relation.in_channels)
    torch.testing.assert_close(
        pairwise_logits(z, relation, mlp), mlp(relation(z[:, None], z))
    )


@pytest.mark.usefixtures('blockwise_only')
def test_frozen_parts_get_no_gradient_and_the_rest_does():
    relation, mlp = make()
    relation.left.requires_grad_(False)
    mlp[2].requires_grad_(False)
    z = torch.randn(6, 6, dtype=torch.float64)
    pairwise_logits(z, relation, mlp).square().sum().backward()
    trained = {name for name, p in relation.named_parameters()} - {'left'}
    assert {
        n for n, p in relation.named_parameters() if p.grad is not None
    } == trained
    assert mlp[0].weight.grad.abs().sum() > 0
    assert mlp[2].weight.grad is None
    with torch.no_grad():
        assert not pairwise_logits(z, relation, mlp).requires_grad


@pytest.mark.usefixtures('blockwise_only')
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    relation, mlp = (module.float() for module in make())
    z = (torch.randn(9, 6) * 300).to(dtype).requires_grad_()
    logits = pairwise_logits(z, relation, mlp)
    assert logits.dtype == torch.float32
    expected = broadcast_pair_logits(z.float(), relation, mlp)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-2)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        under_autocast = pairwise_logits(z, relation, mlp)
        assert torch.equal(under_autocast, logits)
        assert torch.equal(
            broadcast_pair_logits(z.float(), relation, mlp), expected
        )
        # Not advised, but what is blockwise stays exact even so
        under_autocast.mean().backward()
    assert z.grad.isfinite().all()
    outside = torch.autograd.grad(logits.mean(), list(mlp.parameters()))
    for parameter, expected in zip(mlp.parameters(), outside):
        assert torch.equal(parameter.grad, expected)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('clips', [4, 9])
@pytest.mark.usefixtures('small_blocks')
def test_a_network_in_half_precision_relates_in_float32(dtype, clips):
    """Blocks of 4: what is one block is computed plainly."""
    relation, mlp = (module.to(dtype) for module in make())
    z = torch.randn(clips, 6).to(dtype)
    logits, grads = gradients(pairwise_logits, z, relation, mlp)
    assert logits.dtype == torch.float32
    assert {grad.dtype for grad in grads} == {dtype}
    full = (module.float() for module in (relation, mlp))
    expected = broadcast_pair_logits(z.float(), *full)
    torch.testing.assert_close(logits, expected)


def test_embeddings_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r'expected z \(M, d\), got \(2, 3'):
        pairwise_logits(torch.ones(2, 3, 6), *make())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != 'linux', reason='reads /proc')
def test_1024_clips_need_less_than_200_mib():
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, root / 'benchmarks' / 'relation.py']
    arguments = ['--peak', 'blockwise', '--clips', '1024']
    output = subprocess.check_output([*command, *arguments], text=True)
    peak_mib = float(output.split()[-1])
    assert 12 < peak_mib < 200  # the logits alone are 12

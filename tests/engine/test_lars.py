"""LARS against a loop, and as part of the Runner."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from oracles import lars as oracle
from torch import nn

from vsslcodebase.engine import LARS


def parameter(value, grad):
    p = nn.Parameter(torch.tensor(value, dtype=torch.float64))
    p.grad = torch.tensor(grad, dtype=torch.float64)
    return p


def run(optimizer, p, grads):
    for grad in grads:
        p.grad = torch.from_numpy(grad).to(p.dtype)
        optimizer.step()
    return p.detach().numpy()


def test_first_step_of_a_matrix_of_length_five():
    p = parameter([[3.0, 4]], [[0.6, 0.8]])
    LARS([p], lr=1, weight_decay=0.1).step()
    np.testing.assert_allclose(p.detach(), [[2.997, 3.996]], atol=1e-6)


@pytest.mark.parametrize('nesterov', [False, True])
@pytest.mark.parametrize('weight_decay', [0, 0.1])
@pytest.mark.parametrize('shape', [(3, 4), (2, 3, 1, 2), (5,)])
def test_steps_are_those_of_the_loop(shape, weight_decay, nesterov):
    rng = np.random.default_rng(0)
    start, grads = rng.normal(size=shape), rng.normal(size=(4, *shape))
    p = nn.Parameter(torch.from_numpy(start).clone())
    kwargs = dict(lr=2.0, momentum=0.9, weight_decay=weight_decay)
    optimizer = LARS([p], nesterov=nesterov, **kwargs)
    expected = oracle.lars(start, grads, nesterov=nesterov, **kwargs)
    np.testing.assert_allclose(run(optimizer, p, grads), expected, rtol=1e-9)


def test_biases_take_plain_sgd_without_weight_decay():
    rng = np.random.default_rng(1)
    start, grads = rng.normal(size=4), rng.normal(size=(3, 4))
    ours, theirs = (
        nn.Parameter(torch.from_numpy(start).clone()) for _ in '12'
    )
    sgd = torch.optim.SGD([theirs], lr=0.3, momentum=0.9)
    run(sgd, theirs, grads)
    run(LARS([ours], lr=0.3, weight_decay=0.5), ours, grads)
    assert torch.equal(ours, theirs)


def test_excluded_matrices_take_plain_sgd_with_weight_decay():
    rng = np.random.default_rng(2)
    start, grads = rng.normal(size=(2, 3)), rng.normal(size=(3, 2, 3))
    ours, theirs = (
        nn.Parameter(torch.from_numpy(start).clone()) for _ in '12'
    )
    group = dict(params=[ours], lars_exclude=True)
    run(LARS([group], lr=0.3, weight_decay=0.5), ours, grads)
    kwargs = dict(lr=0.3, momentum=0.9, weight_decay=0.5)
    run(torch.optim.SGD([theirs], **kwargs), theirs, grads)
    torch.testing.assert_close(ours, theirs)


def test_length_of_the_gradient_does_not_matter():
    steps = []
    for scale in (1, 1000):
        p = parameter([[3.0, 4]], [[0.2 * scale, -0.1 * scale]])
        LARS([p], lr=1).step()
        steps.append(p.detach())
    torch.testing.assert_close(*steps)


@pytest.mark.parametrize(
    ('value', 'grad', 'expected'),
    [([[0.0, 0]], [[1.0, 2]], [[-1, -2]]), ([[3.0, 4]], [[0.0, 0]], [[3, 4]])],
    ids=['zero parameter', 'zero gradient'],
)
def test_zero_norms_leave_the_gradient_as_it_is(value, grad, expected):
    p = parameter(value, grad)
    LARS([p], lr=1, weight_decay=0.1).step()
    assert p.tolist() == expected


def test_float16_norms_do_not_overflow():
    p = nn.Parameter(torch.full((300, 300), 2.0, dtype=torch.float16))
    p.grad = torch.full_like(p, 300)  # a norm of 90,000
    LARS([p], lr=1).step()
    torch.testing.assert_close(p.detach(), torch.full_like(p, 1.998))


def test_a_resumed_run_is_bit_exact():
    def train(model, optimizer, steps):
        for step in steps:
            optimizer.zero_grad()
            x = torch.full((2, 3), step + 1.0)
            model(x).square().mean().backward()
            optimizer.step()

    torch.manual_seed(0)
    first, second = nn.Linear(3, 4), nn.Linear(3, 4)
    optimizer = LARS(first.parameters(), lr=1, weight_decay=1e-4)
    train(first, optimizer, range(3))
    second.load_state_dict(first.state_dict())
    resumed = LARS(second.parameters(), lr=9, momentum=0)
    resumed.load_state_dict(deepcopy(optimizer.state_dict()))
    train(first, optimizer, range(3, 6))
    train(second, resumed, range(3, 6))
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, second.bias)


def test_step_reads_nothing_back_from_the_device(monkeypatch):
    """``item``, ``if tensor`` and ``float(tensor)`` would wait for a GPU."""
    p = parameter([[3.0, 4]], [[0.6, 0.8]])
    optimizer = LARS([p], lr=1, weight_decay=0.1)

    def fail(self):
        raise AssertionError('the optimizer waits for the device')

    with monkeypatch.context() as patch:
        for name in ('item', 'tolist', '__bool__', '__float__'):
            patch.setattr(torch.Tensor, name, fail)
        optimizer.step()
    assert p[0, 0] < 3


def test_closure_is_evaluated_with_gradients():
    p = parameter([[3.0, 4]], [[0.0, 0]])

    def closure():
        loss = p.sum()
        loss.backward()
        return loss

    assert LARS([p], lr=1).step(closure) == 7
    assert p[0, 0] < 3


def test_parameters_without_gradient_stay():
    p = nn.Parameter(torch.ones(2, 2))
    LARS([p], lr=1, weight_decay=0.1).step()
    assert (p == 1).all()


def test_a_config_builds_it():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    optimizer = dict(type='LARS', lr=0.3, weight_decay=1e-6)
    excluded = {'0.weight': dict(lr_mult=0.1, decay_mult=0)}
    with DefaultScope.overwrite_default_scope('vsslcodebase'):
        wrapper = build_optim_wrapper(
            model,
            dict(
                optimizer=optimizer, paramwise_cfg=dict(custom_keys=excluded)
            ),
        )
    assert type(wrapper.optimizer) is LARS
    groups = wrapper.optimizer.param_groups
    assert [g['lr'] for g in groups] == pytest.approx([0.03, 0.3, 0.3, 0.3])
    assert [g['weight_decay'] for g in groups] == [0, 1e-6, 1e-6, 1e-6]
    assert groups[0]['momentum'] == 0.9


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(lr=-1), 'lr=-1, expected >= 0'),
        (dict(lr=float('nan')), 'lr=nan'),
        (dict(lr=1, momentum=1), 'momentum=1, expected 0 <= m < 1'),
        (dict(lr=1, weight_decay=-0.1), 'weight_decay=-0.1'),
        (dict(lr=1, trust_coefficient=-1), 'trust_coefficient=-1'),
        (dict(lr=1, momentum=0, nesterov=True), 'needs momentum > 0'),
    ],
)
def test_senseless_values_are_refused(kwargs, message):
    p = nn.Parameter(torch.ones(2, 2))
    with pytest.raises(ValueError, match=message):
        LARS([p], **kwargs)
    with pytest.raises(ValueError, match=message):
        LARS([dict(params=[p], **kwargs)], lr=1)


def test_sparse_gradients_are_refused():
    embedding = nn.Embedding(3, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(TypeError, match='sparse gradient'):
        LARS(embedding.parameters(), lr=1).step()

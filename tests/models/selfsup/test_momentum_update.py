"""The moving average of weights."""

import copy

import pytest
import torch
from torch import nn

from vsslcodebase.models.selfsup import momentum_update


def small_network(seed):
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    network(torch.randn(5, 3))  # fills the statistics
    return network


def test_parameters_move_by_one_minus_momentum():
    target, online = small_network(0), small_network(1)
    before, source = copy.deepcopy((target, online))
    momentum_update(target, online, 0.75)
    for new, old, other in zip(
        target.parameters(), before.parameters(), source.parameters()
    ):
        torch.testing.assert_close(new, 0.75 * old + 0.25 * other)
    for now, then in zip(online.parameters(), source.parameters()):
        assert torch.equal(now, then)


def test_buffers_are_copied_and_counters_stay_integers():
    target, online = small_network(0), small_network(1)
    online[1].num_batches_tracked += 6
    momentum_update(target, online, 0.9)
    assert torch.equal(target[1].running_mean, online[1].running_mean)
    assert torch.equal(target[1].running_var, online[1].running_var)
    assert target[1].num_batches_tracked.item() == 7
    assert target[1].num_batches_tracked.dtype == torch.int64


@pytest.mark.parametrize(('momentum', 'source'), [(1.0, 0), (0.0, 1)])
def test_the_ends_of_the_range_keep_or_copy(momentum, source):
    target, online = torch.randn(2, 4, 5, dtype=torch.float64)
    expected = [target, online][source].clone()
    momentum_update([target], [online], momentum)
    assert torch.equal(target, expected)


@pytest.mark.parametrize(
    'dtype', [torch.float64, torch.float32, torch.float16, torch.bfloat16]
)
def test_tensors_keep_their_type_and_memory(dtype):
    target = torch.full((2, 3), 4, dtype=dtype)
    memory = target.data_ptr()
    momentum_update([target], [torch.zeros(2, 3, dtype=dtype)], 0.5)
    assert target.tolist() == [[2.0] * 3] * 2
    assert (target.dtype, target.data_ptr()) == (dtype, memory)


def test_many_steps_are_a_weighted_sum_of_what_was_seen():
    target, seen = [torch.zeros(1, dtype=torch.float64)], [3.0, -1.0, 5.0]
    for value in seen:
        momentum_update(target, [torch.tensor([value]).double()], 0.9)
    expected = 0.1 * (0.81 * 3 - 0.9 * 1 + 5)
    assert target[0].item() == pytest.approx(expected, rel=1e-12)


def test_no_gradient_is_recorded():
    target, online = small_network(0), small_network(1)
    momentum_update(target, online, 0.9)
    assert all(p.is_leaf and p.grad_fn is None for p in target.parameters())


def test_lists_may_be_empty():
    momentum_update([], [], 0.5)
    momentum_update(nn.ReLU(), nn.ReLU(), 0.5)


@pytest.mark.parametrize('momentum', [-0.1, 1.1, float('nan')])
def test_momentum_out_of_range_is_refused(momentum):
    with pytest.raises(ValueError, match=r'momentum must be in \[0, 1\], got'):
        momentum_update([], [], momentum)


def test_networks_that_do_not_match_are_refused_and_untouched():
    target = [torch.ones(2), torch.ones(3)]
    with pytest.raises(ValueError, match='target has 2 tensors, the online'):
        momentum_update(target, target[:1], 0.5)
    with pytest.raises(ValueError, match=r'tensor 1 is \(3,\) .* and \(1,\)'):
        momentum_update(target, [torch.zeros(2), torch.zeros(1)], 0.5)
    with pytest.raises(TypeError, match=r'tensor 0 is .*32 .* and .*64'):
        momentum_update(target, [torch.zeros(2).double(), target[1]], 0.5)
    assert target[0].tolist() == [1, 1]
    assert target[1].tolist() == [1, 1, 1]


def test_modules_with_other_buffers_are_refused():
    with pytest.raises(ValueError, match='0 tensors, the online network 3'):
        momentum_update(
            nn.BatchNorm1d(4, track_running_stats=False),
            nn.BatchNorm1d(4),
            0.5,
        )


def test_integers_have_no_average():
    with pytest.raises(TypeError, match=r'no average of torch\.int64'):
        momentum_update([torch.ones(1).long()], [torch.ones(1).long()], 0.5)


def test_a_module_and_tensors_are_no_pair():
    network = nn.Linear(1, 1)
    with pytest.raises(TypeError, match='got Linear and list'):
        momentum_update(network, list(network.parameters()), 0.5)

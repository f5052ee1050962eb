"""Collectives: alone, and among two processes of gloo."""

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_two

from vsslcodebase.models.layers import (
    DecouplingAttention,
    pair_logits,
    pairwise_logits,
)
from vsslcodebase.models.losses import corp_f_loss, nt_xent_loss
from vsslcodebase.utils.dist import (
    all_reduce_mean,
    gather_rows,
    gather_with_grad,
    permute_rows,
    rank,
    world_size,
)

pytestmark = pytest.mark.slow  # two fresh processes import everything

VIDEOS_PER_RANK = 3


def build_model():
    """A projection to embeddings (columns 0-3) and order logits (4, 5)."""
    torch.manual_seed(0)
    return nn.Linear(5, 6)


def joined_batch():
    return torch.randn(
        4 * VIDEOS_PER_RANK, 5, generator=torch.Generator().manual_seed(1)
    )


def orders():
    """Nothing moves, everything does, all pairs of ranks have some."""
    same = torch.arange(4 * VIDEOS_PER_RANK)
    drawn = torch.Generator().manual_seed(2)
    return [same, same.flip(0), torch.randperm(len(same), generator=drawn)]


def losses(outputs):
    """Loss of the joined rows, for each of two methods."""
    contrast, order = corp_f_loss(outputs[:, :4], outputs[:, 4:])
    return dict(
        simclr=nt_xent_loss(outputs[:, :4]),
        corp_f=contrast + order,
    )


def gradients(model, loss):
    model.zero_grad()
    loss.backward(retain_graph=True)
    return [p.grad.clone() for p in model.parameters()]


class PairClassifier(nn.Module):
    """The blockwise relation; its parameters reach DDP only through it."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.relation = DecouplingAttention(5, 4, 4)
        self.mlp = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3))

    def forward(self, z):
        return pairwise_logits(z, self.relation, self.mlp)


def relation_gradients(wrap, rows):
    model = wrap(PairClassifier())
    return gradients(model, model(rows).square().mean())


def visit(rank_, folder):
    """What each process does, and what it finds."""
    pair_logits.CPU_BLOCK = 4
    found = dict(rank=rank(), world_size=world_size())
    mine = torch.full((2, 1, 3), rank_ + 1.0, requires_grad=True)
    joined = gather_with_grad(mine)
    # A different factor on each rank: own rows get the sum of both
    (
        joined * (10.0**rank_) * torch.arange(1.0, 5)[:, None, None]
    ).sum().backward()
    found.update(joined=joined.detach(), grad=mine.grad)
    half = torch.full((1, 2), rank_ + 0.5, dtype=torch.bfloat16)
    found['half'] = gather_with_grad(half)
    found['transposed'] = gather_with_grad(joined_batch()[:2].T)
    uneven = torch.full((3 * rank_, 2), rank_ + 1.0, requires_grad=True)
    found['uneven'] = gather_rows(uneven), gather_rows(1 + mine[: 2 - rank_])

    found['permuted'] = [
        permute_rows(joined_batch().chunk(2)[rank_].T.clone().T, order)
        for order in orders()
    ]

    value = torch.tensor(float(rank_), requires_grad=True)
    found['mean'] = all_reduce_mean(value)
    found['value'] = value.detach()

    model = DistributedDataParallel(build_model())
    rows = joined_batch().chunk(2)[rank_]
    for name in ('simclr', 'corp_f'):
        loss = losses(gather_with_grad(model(rows)))[name]
        found[name] = loss.detach(), gradients(model, loss)
    found['relation'] = relation_gradients(DistributedDataParallel, rows)
    try:
        gather_with_grad(torch.ones(2 + rank_, 3))
    except ValueError as error:
        found['error'] = str(error)
    return found


@pytest.fixture(scope='module')
def found(tmp_path_factory):
    """The findings of both processes."""
    return run_two(visit, tmp_path_factory.mktemp('ranks'))


def test_processes_know_their_place(found):
    assert [f['rank'] for f in found] == [0, 1]
    assert [f['world_size'] for f in found] == [2, 2]


def test_rows_come_in_the_order_of_the_ranks(found):
    expected = torch.tensor([1.0, 1, 2, 2])[:, None, None].expand(4, 1, 3)
    for f in found:
        assert torch.equal(f['joined'], expected)
        assert f['half'].tolist() == [[0.5, 0.5], [1.5, 1.5]]
        assert f['half'].dtype == torch.bfloat16
        # A transposed tensor is gathered by value, not by memory
        rows = joined_batch()[:2].T
        assert torch.equal(f['transposed'], torch.cat([rows, rows]))


def test_batches_of_different_sizes_are_joined_without_gradient(found):
    for f in found:
        none_and_three, two_and_one = f['uneven']
        assert none_and_three.tolist() == [[2.0, 2.0]] * 3
        assert two_and_one[:, 0, 0].tolist() == [2.0, 2.0, 3.0]
        assert not two_and_one.requires_grad


def test_rows_of_all_processes_are_permuted(found):
    for order, *halves in zip(orders(), *(f['permuted'] for f in found)):
        assert torch.equal(torch.cat(halves), joined_batch()[order])


def test_one_process_permutes_its_rows_and_takes_it_back():
    rows = joined_batch()
    for order in orders():
        permuted = permute_rows(rows, order)
        assert torch.equal(permuted, rows[order])
        assert torch.equal(permute_rows(permuted, order.argsort()), rows)


def test_backward_sums_what_both_processes_make_of_my_rows(found):
    assert found[0]['grad'][:, 0, 0].tolist() == [11, 22]
    assert found[1]['grad'][:, 0, 0].tolist() == [33, 44]


@pytest.mark.parametrize('method', ['simclr', 'corp_f'])
def test_two_processes_equal_one_with_the_joined_batch(found, method):
    model = build_model()
    loss = losses(model(joined_batch()))[method]
    expected = gradients(model, loss)
    for f in found:
        measured, grads = f[method]
        assert measured.item() == pytest.approx(loss.item(), rel=1e-6)
        torch.testing.assert_close(grads, expected, rtol=1e-4, atol=1e-6)


def test_relation_trains_under_ddp(found, monkeypatch):
    monkeypatch.setattr(pair_logits, 'CPU_BLOCK', 4)
    halves = [
        relation_gradients(lambda model: model, rows)
        for rows in joined_batch().chunk(2)
    ]
    expected = [(a + b) / 2 for a, b in zip(*halves)]
    for f in found:
        torch.testing.assert_close(f['relation'], expected)


def test_mean_is_detached_and_leaves_its_argument(found):
    for index, f in enumerate(found):
        assert f['mean'] == 0.5
        assert not f['mean'].requires_grad
        assert f['value'] == index


def test_unequal_batches_are_an_error_on_both_processes(found):
    assert 'rank 0 of 2 gathers (2, 3)' in found[0]['error']
    assert 'rank 1 of 2 gathers (3, 3)' in found[1]['error']
    assert 'drop_last=True' in found[0]['error']


def test_one_process_is_alone():
    x = torch.ones(2, 3, requires_grad=True)
    assert gather_with_grad(x) is x
    assert torch.equal(gather_rows(x), x)
    assert not gather_rows(x).requires_grad
    assert (rank(), world_size()) == (0, 1)
    assert all_reduce_mean(x) is not x
    assert torch.equal(all_reduce_mean(x), x)


def test_gathered_parts_are_contiguous_as_nccl_wants(monkeypatch):
    """Gloo would take others; a transposed embedding has other strides."""

    def gather(parts, x):
        assert all(t.is_contiguous() for t in (*parts, x))
        for part in parts:
            part.copy_(x)

    module = 'vsslcodebase.utils.dist'
    monkeypatch.setattr(f'{module}.world_size', lambda: 2)
    monkeypatch.setattr(f'{module}._check_equal_shapes', lambda x: None)
    monkeypatch.setattr(dist, 'all_gather', gather)
    x = torch.arange(6.0).view(3, 2).T
    assert torch.equal(gather_with_grad(x), torch.cat([x, x]))

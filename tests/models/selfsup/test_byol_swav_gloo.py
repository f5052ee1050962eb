"""BYOL and SwAV: two processes with half a batch each are one with all."""

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.model import revert_sync_batchnorm
from torch.nn.parallel import DistributedDataParallel
from trunk_toys import build_trunk, trunk_batch
from two_processes import run_two

from vsslcodebase.compat.sync_batch_norm import convert_sync_batch_norm

TRUNKS = {
    'BYOL': dict(momentum=0.5),
    'sequential BYOL': dict(momentum=0.5, sequential=True),
    'SwAV': {},
}
EPOCHS = (0, 0, 1)  # frozen prototypes in two steps, and in one not


def build(name):
    method = name.split()[-1]
    return build_trunk(method, norm='SyncBN', **TRUNKS[name])


def steps(model, parse, rows):
    """Loss, metrics and gradients of three steps on rows of each batch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    found = []
    for seed, epoch in enumerate(EPOCHS):
        MessageHub.get_current_instance().update_info('epoch', epoch)
        inputs, samples = trunk_batch(6, 3, seed)
        optimizer.zero_grad()
        loss, log = parse(model(inputs[rows], samples[rows], mode='loss'))
        loss.backward()
        grads = {
            name.removeprefix('module.'): parameter.grad.clone()
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        }
        optimizer.step()
        found.append(({k: v.item() for k, v in log.items()}, grads))
    return found


def visit(rank, folder):
    found = {}
    for name in TRUNKS:
        model = convert_sync_batch_norm(build(name))
        ddp = DistributedDataParallel(model, broadcast_buffers=False)
        rows = slice(3 * rank, 3 * rank + 3)
        found[name] = steps(ddp, model.parse_losses, rows)
    return found


@pytest.fixture(scope='module')
def found(tmp_path_factory):
    return run_two(visit, tmp_path_factory.mktemp('ranks'))


@pytest.mark.slow
@pytest.mark.parametrize('name', TRUNKS)
def test_losses_metrics_and_gradients_are_those_of_the_joined_batch(
    found, name
):
    model = revert_sync_batchnorm(build(name))
    joined = steps(model, model.parse_losses, slice(None))
    for (log, grads), first, second in zip(
        joined, found[0][name], found[1][name], strict=True
    ):
        # BYOL's loss is each process's own, all else is of the global batch
        average = {k: (first[0][k] + second[0][k]) / 2 for k in log}
        assert average == pytest.approx(log, rel=1e-4)
        if name == 'SwAV':
            assert first[0] == pytest.approx(second[0], rel=1e-6)
        for _, theirs in (first, second):
            assert theirs.keys() == grads.keys()
            for part, grad in grads.items():
                # float32 sums in another order, through layers of norms
                torch.testing.assert_close(
                    theirs[part], grad, rtol=2e-3, atol=2e-5, msg=part
                )

"""Two processes with half a batch each are one process with all of it."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.model import revert_sync_batchnorm
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_two

from vsslcodebase.compat.sync_batch_norm import convert_sync_batch_norm
from vsslcodebase.registry import MODELS

HEADS = {
    'simclr': dict(type='ContrastiveHead'),
    'corp_f': dict(type='CORPFHead', in_channels=5),
    # Contrast alone: accuracy and loss of the classifier are each process's.
    'same context': dict(
        type='PaceHead',
        in_channels=5,
        contrast='same-context',
        contrast_channels=4,
        pace_weight=0,
    ),
    'same pace': dict(
        type='PaceHead', in_channels=5, contrast='same-pace', pace_weight=0
    ),
}


def build(head):
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='VideoSelfSupervisor',
            backbone=dict(
                type='SmallR3D', widths=(4, 6), norm_cfg=dict(type='SyncBN')
            ),
            neck=dict(
                type='ProjectionNeck',
                in_channels=6,
                hidden_channels=8,
                out_channels=5,
                num_hidden=1,
                norm_cfg=dict(type='SyncBN'),
                last_bn=True,
            ),
            head=HEADS[head],
        )
    )


def joined_batch():
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(6, 2, 3, 2, 8, 8, generator=generator)
    samples = [ActionDataSample() for _ in inputs]
    for index, sample in enumerate(samples):
        sample.set_field(torch.tensor([2, 7]), 'clip_start')
        paces = torch.tensor([index % 4, index // 2])
        sample.set_field(paces, 'pace_label')
    return inputs, samples


def step(model, parse, inputs, samples):
    """Loss, metrics and gradients of one training step."""
    loss, log = parse(model(inputs, samples, mode='loss'))
    loss.backward()
    grads = {
        name.removeprefix('module.'): parameter.grad.clone()
        for name, parameter in model.named_parameters()
    }
    return {name: value.item() for name, value in log.items()}, grads


def visit(rank, folder):
    found = {}
    for head in HEADS:
        model = convert_sync_batch_norm(build(head))
        inputs, samples = joined_batch()
        mine = slice(3 * rank, 3 * rank + 3)
        found[head] = step(
            DistributedDataParallel(model, broadcast_buffers=False),
            model.parse_losses,
            inputs[mine],
            samples[mine],
        )
    return found


@pytest.fixture(scope='module')
def found(tmp_path_factory):
    return run_two(visit, tmp_path_factory.mktemp('ranks'))


@pytest.mark.slow
@pytest.mark.parametrize('head', HEADS)
def test_loss_metrics_and_gradients_are_those_of_the_joined_batch(found, head):
    model = revert_sync_batchnorm(build(head))
    log, grads = step(model, model.parse_losses, *joined_batch())
    for process in found:
        their_log, their_grads = process[head]
        assert their_log == pytest.approx(log, rel=1e-4)
        assert their_grads.keys() == grads.keys()
        for name, grad in grads.items():
            # float32 sums in another order, through two layers of norms
            torch.testing.assert_close(
                their_grads[name], grad, rtol=2e-3, atol=2e-5, msg=name
            )

"""The parts of CPU training in several processes, each against one process."""

import copy

import pytest
import torch
import torch.distributed as dist
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from torch import nn
from two_processes import run_two

from vsslcodebase.compat.gloo import GlooDataParallel, prepare_gloo
from vsslcodebase.compat.sync_batch_norm import (
    GlooSyncBatchNorm,
    convert_sync_batch_norm,
)
from vsslcodebase.registry import MODELS

NORMS = {
    'default': {},
    'cumulative': dict(momentum=None),
    'fixed scale': dict(affine=False),
    'no statistics': dict(track_running_stats=False),
}
HEADS = {
    'corp_f': dict(type='CORPFHead', in_channels=5),
    'simclr': dict(type='ContrastiveHead'),
}
ROWS = ([0, 3], [3, 8])  # of rank 0 and rank 1: uneven


def batches():
    """Two batches (8, 4, 2, 3), far from zero mean and unit variance."""
    generator = torch.Generator().manual_seed(0)
    scale = torch.tensor([1.0, 10.0, 0.1, 3.0])[:, None, None]
    draw = torch.randn(2, 8, 4, 2, 3, generator=generator)
    return draw * scale + 5 * scale


def train_norm(norm, rows):
    """Run a norm on rows of both batches, backward on the second."""
    if norm.affine:
        with torch.no_grad():
            norm.weight.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    first, second = (batch[rows].clone() for batch in batches())
    norm(first)
    second.requires_grad_()
    output = norm(second)
    weights = torch.arange(8 * 4 * 6.0).reshape(8, 4, 2, 3).cos()[rows]
    (output**2 * weights).sum().backward()
    return dict(
        output=output.detach(),
        input_grad=second.grad,
        grads={name: p.grad for name, p in norm.named_parameters()},
        buffers={name: b.clone() for name, b in norm.named_buffers()},
    )


def build_model(head):
    """A network without any normalisation over the batch."""
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='VideoSelfSupervisor',
            backbone=dict(
                type='SmallR3D',
                widths=(4, 6),
                norm_cfg=dict(type='GN', num_groups=2),
            ),
            neck=dict(
                type='ProjectionNeck',
                in_channels=6,
                out_channels=5,
                num_hidden=0,
            ),
            head=HEADS[head],
        )
    )


def train_model(model, parse_losses, rows):
    """Loss and gradients of one step on rows of a batch of 6 videos."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(6, 2, 3, 2, 8, 8, generator=generator)[rows]
    samples = [ActionDataSample() for _ in inputs]
    for sample in samples:
        sample.set_field(torch.tensor([2, 7]), 'clip_start')
    loss, _ = parse_losses(model(inputs, samples, mode='loss'))
    loss.backward()
    grads = {
        name.removeprefix('module.'): p.grad.clone()
        for name, p in model.named_parameters()
    }
    return loss.detach(), grads


def visit(rank, folder):
    found = {}
    for name, options in NORMS.items():
        norm = GlooSyncBatchNorm(4, **options)
        found[name] = train_norm(norm, slice(*ROWS[rank]))
    for head in HEADS:
        model = build_model(head)
        wrapped = GlooDataParallel(module=model, device_ids=[rank])
        rows = slice(3 * rank, 3 * rank + 3)
        found[head] = train_model(wrapped, model.parse_losses, rows)
    return found


@pytest.fixture(scope='module')
def found(tmp_path_factory):
    return run_two(visit, tmp_path_factory.mktemp('ranks'))


@pytest.mark.slow
@pytest.mark.parametrize('name', NORMS)
def test_sync_batch_norm_is_batch_norm_of_the_joined_batch(found, name):
    joined = train_norm(nn.BatchNorm2d(4, **NORMS[name]), slice(0, 8))
    for rank, (start, stop) in enumerate(ROWS):
        process = found[rank][name]
        for key in ('output', 'input_grad'):
            torch.testing.assert_close(
                process[key], joined[key][start:stop], rtol=1e-4, atol=1e-4
            )
        for buffer, value in joined['buffers'].items():
            torch.testing.assert_close(process['buffers'][buffer], value)
    for parameter, grad in joined['grads'].items():
        total = sum(process[name]['grads'][parameter] for process in found)
        torch.testing.assert_close(total, grad, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize('head', HEADS)
def test_loss_and_gradient_without_batch_norm_are_those_of_one(found, head):
    model = build_model(head)
    loss, grads = train_model(model, model.parse_losses, slice(0, 6))
    for process in found:
        their_loss, their_grads = process[head]
        torch.testing.assert_close(their_loss, loss, rtol=1e-5, atol=0)
        assert their_grads.keys() == grads.keys()
        for name, grad in grads.items():
            torch.testing.assert_close(
                their_grads[name], grad, rtol=1e-3, atol=1e-5, msg=name
            )


def test_converted_layers_keep_parameters_buffers_and_mode():
    model = nn.Sequential(nn.Linear(3, 4), nn.SyncBatchNorm(4), nn.ReLU())
    model[1].running_mean.fill_(2.0)
    model.eval()
    weight, state = model[1].weight, copy.deepcopy(model.state_dict())
    converted = convert_sync_batch_norm(model)
    assert converted[1].weight is weight
    assert not converted[1].training
    assert converted.state_dict().keys() == state.keys()
    x = torch.randn(5, 3)
    normed = (model[0](x) - 2.0) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(converted(x), normed.relu())


def test_in_one_process_it_is_batch_norm():
    for name, options in NORMS.items():
        ours = train_norm(GlooSyncBatchNorm(4, **options), slice(0, 8))
        theirs = train_norm(nn.BatchNorm2d(4, **options), slice(0, 8))
        assert torch.equal(ours['output'], theirs['output']), name
        assert torch.equal(ours['input_grad'], theirs['input_grad']), name


@pytest.mark.skipif(torch.cuda.is_available(), reason='CPU only')
def test_prepare_gloo_starts_the_group_and_names_the_wrapper(monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')
    started = []
    monkeypatch.setattr(
        dist,
        'init_process_group',
        lambda backend, timeout: started.append((backend, timeout)),
    )
    cfg = Config(
        dict(
            env_cfg=dict(dist_cfg=dict(backend='nccl', timeout=60)),
            find_unused_parameters=True,
        )
    )
    assert prepare_gloo(cfg)
    ((backend, timeout),) = started
    assert (backend, timeout.total_seconds()) == ('gloo', 60)
    assert cfg.model_wrapper_cfg == dict(
        type='GlooDataParallel', find_unused_parameters=True
    )

"""HCML in two processes: no parameter of any stage is left waiting.

Contrasts are not those of one process with all clips, since negatives are of
a process's own; the reconstruction is.
"""

import pytest
import torch
from mmengine.model import MMDistributedDataParallel, convert_sync_batchnorm
from mmengine.registry import init_default_scope
from motion_toys import (
    MOTION_HEAD,
    TRAINED,
    build,
    clip_batch,
    pretrainer_config,
    recognizer_config,
)
from two_processes import run_two

from vsslcodebase.compat.sync_batch_norm import convert_sync_batch_norm

# divided by all pixels, whose number is the same in both processes
HEAD = dict(MOTION_HEAD, photo_norm='all')
JOBS = {
    **{
        f'stage {level}': pretrainer_config(level, motion_head=HEAD)
        for level in (0, 1, 2)
    },
    'below': pretrainer_config(
        1,
        motion_head=dict(HEAD, flow_level=1, contrast_levels=()),
        with_below=True,
    ),
    'joint': recognizer_config(motion_head=HEAD),
}
STEPS = 3  # a parameter left waiting is told in the step after


def train(model, wrapped, rows):
    """Take some steps on rows of each batch; return losses and weights."""
    wrapped.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.01)
    values = []
    for seed in range(STEPS):
        batch = clip_batch(6, seed=seed)
        batch = {key: value[rows] for key, value in batch.items()}
        data = model.data_preprocessor(batch, training=True)
        optimizer.zero_grad()
        loss, _ = model.parse_losses(wrapped(**data, mode='loss'))
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    state = {
        k: v for k, v in model.state_dict().items() if 'num_batches' not in k
    }
    return values, state


def visit(rank, folder):
    init_default_scope('vsslcodebase')
    rows = slice(3 * rank, 3 * rank + 3)
    found = {}
    for name, cfg in JOBS.items():
        model = convert_sync_batchnorm(build(cfg))  # sync_bn='torch'
        model = convert_sync_batch_norm(model)
        torch.manual_seed(rank)  # each process draws its own positions
        wrapped = MMDistributedDataParallel(
            model, find_unused_parameters=False, broadcast_buffers=False
        )
        found[name] = train(model, wrapped, rows)
    return found


@pytest.fixture(scope='module')
def found(tmp_path_factory):
    return run_two(visit, tmp_path_factory.mktemp('ranks'))


@pytest.mark.slow
@pytest.mark.parametrize('name', JOBS)
def test_processes_stay_together(found, name):
    (first_losses, first), (second_losses, second) = (
        ranks[name] for ranks in found
    )
    assert first_losses != second_losses  # of different clips
    for key, value in first.items():
        assert torch.equal(value, second[key]), key


@pytest.mark.slow
@pytest.mark.parametrize('level', [0, 1, 2])
def test_only_the_stage_moves(found, level):
    init_default_scope('vsslcodebase')
    start = build(JOBS[f'stage {level}']).state_dict()
    _, state = found[0][f'stage {level}']
    for key, value in state.items():
        moved = not torch.equal(value, start[key])
        assert moved == key.startswith(TRAINED[level]), key


@pytest.mark.slow
@pytest.mark.parametrize('name', ['stage 0', 'below'])
def test_reconstruction_is_that_of_one_process(found, name):
    init_default_scope('vsslcodebase')
    model = build(JOBS[name])
    losses, state = train(model, model, slice(None))
    halves = torch.tensor([ranks[name][0] for ranks in found])
    torch.testing.assert_close(
        halves.mean(0), torch.tensor(losses), atol=1e-6, rtol=1e-5
    )
    for key, value in found[0][name][1].items():
        torch.testing.assert_close(value, state[key], atol=1e-5, rtol=1e-4)

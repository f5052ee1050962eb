"""MoCo in two processes: as one with the joined batch; and its BN leak."""

import pytest
import torch
from bn_leak import tell_apart
from mmengine.model import revert_sync_batchnorm
from torch.nn.parallel import DistributedDataParallel
from trunk_toys import NECK, build_trunk, trunk_batch
from two_processes import run_two

from vsslcodebase.compat.sync_batch_norm import convert_sync_batch_norm
from vsslcodebase.models.selfsup import FeatureQueue

pytestmark = pytest.mark.slow

# Options of each of two processes, and of one with all of their batch.
# Groups of BatchNorm are formed alike: 2 x 2 as 1 x 4.
TIMED = dict(
    type='TimeNavigationNeck',
    projector=dict(NECK, norm_cfg=dict(type='BN1d')),
    num_directions=2,
    time_channels=4,
)
CASES = {
    'no norm': (dict(norm=None), dict(norm=None)),
    'sync': (dict(norm='SyncBN', shuffle_bn=False),) * 2,
    'groups': (dict(bn_groups=2), dict(bn_groups=4)),
    'groups in sequence': (
        dict(bn_groups=1, sequential=True),
        dict(bn_groups=2, sequential=True),
    ),
    'groups with times': (
        dict(bn_groups=2, neck=TIMED),
        dict(bn_groups=4, neck=TIMED),
    ),
}
STEPS = 3
HALVES = (slice(0, 4), slice(4, 8))


def train(model, parse_losses, rows, own):
    """Take a few steps; return logs, gradients and what is left behind.

    Args:
        model: The trunk, wrapped or not.
        parse_losses: Of the trunk.
        rows: Which of the 8 videos this process has.
        own: The trunk.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    logs, grads = [], []
    for step in range(STEPS):
        inputs, samples = trunk_batch(8, 2, seed=step)
        for sample, clips in zip(samples, inputs, strict=True):
            sample.set_field(clips[:, 0, 0, 0, 0] + 5, 'clip_time')
        loss, log = parse_losses(
            model(inputs[rows], samples[rows], mode='loss')
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        logs.append({name: value.item() for name, value in log.items()})
        grads.append(
            {
                name: parameter.grad.clone()
                for name, parameter in own.named_parameters()
                if parameter.requires_grad
            }
        )
    copies = dict(own.momentum_encoder.named_parameters())
    return dict(
        logs=logs,
        grads=grads,
        queue=own.queue.state_dict(),
        copies={name: copy.detach() for name, copy in copies.items()},
    )


def visit(rank, folder):
    found = {}
    for name, (options, _) in CASES.items():
        model = convert_sync_batch_norm(
            build_trunk('MoCo', momentum=0.9, **options)
        )
        wrapped = DistributedDataParallel(model, broadcast_buffers=False)
        found[name] = train(wrapped, model.parse_losses, HALVES[rank], model)
    half = slice(32 * rank, 32 * rank + 32)
    found['leak'] = [
        tell_apart(half, shuffle_bn=shuffle, bn_groups=4)
        for shuffle in (False, True)
    ]
    try:
        FeatureQueue(16, 3).enqueue(torch.ones(2 + rank, 3))
    except ValueError as error:
        found['unequal'] = str(error)
    return found


@pytest.fixture(scope='module')
def found(tmp_path_factory):
    return run_two(visit, tmp_path_factory.mktemp('ranks'))


@pytest.mark.parametrize('case', CASES)
def test_two_processes_train_like_one_with_the_joined_batch(found, case):
    model = revert_sync_batchnorm(
        build_trunk('MoCo', momentum=0.9, **CASES[case][1])
    )
    one = train(model, model.parse_losses, slice(0, 8), model)
    two = [process[case] for process in found]
    for step in range(STEPS):
        for name, value in one['logs'][step].items():
            parts = [process['logs'][step][name] for process in two]
            # the loss is that of each process's queries, metrics are joint
            if 'loss' in name:
                parts = [sum(parts) / 2]
            assert parts == pytest.approx([value] * len(parts), rel=1e-3), name
    for process in two:
        for step in range(STEPS):
            for name, grad in one['grads'][step].items():
                # float32 sums in another order, through norms and steps
                torch.testing.assert_close(
                    process['grads'][step][name],
                    grad,
                    rtol=5e-3,
                    atol=5e-5,
                    msg=name,
                )
        for part in ('queue', 'copies'):
            for name, value in one[part].items():
                torch.testing.assert_close(
                    process[part][name], value, rtol=1e-3, atol=1e-4, msg=name
                )


@pytest.mark.parametrize('case', CASES)
def test_both_processes_hold_the_same_bits(found, case):
    for part in ('queue', 'copies'):
        first, second = (process[case][part] for process in found)
        for name, value in first.items():
            assert torch.equal(value, second[name]), name


def test_shuffling_among_processes_stops_the_leak(found):
    for process in found:
        (plain, plain_gap), (shuffled, gap) = process['leak']
        assert plain == 1
        assert plain_gap == pytest.approx(1, abs=0.1)
        assert shuffled < 0.15
        assert gap < 0.3


def test_unequal_batches_are_refused_everywhere(found):
    for rank, process in enumerate(found):
        assert (
            f'rank {rank} of 2 gathers ({2 + rank}, 3)' in process['unequal']
        )
        assert 'drop_last=True' in process['unequal']

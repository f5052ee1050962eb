"""Learning rates at given iterations (CORP, Sec. 4.1: 5 % warm-up, cosine)."""

import math

import pytest
import torch

from vsslcodebase.engine import WarmupCosineLR
from vsslcodebase.engine.schedules import warmup_cosine
from vsslcodebase.registry import PARAM_SCHEDULERS


def make_optimizer(*rates):
    groups = [
        dict(params=[torch.nn.Parameter(torch.zeros(1))], lr=lr)
        for lr in rates
    ]
    return torch.optim.SGD(groups, lr=1.0)


def build(optimizer, epochs=20, epoch_length=10, **options):
    """Build as the Runner does: ``end`` is the number of epochs."""
    cfg = dict(type='WarmupCosineLR', end=epochs, convert_to_iter_based=True)
    return PARAM_SCHEDULERS.build(
        {**cfg, **options},
        default_args=dict(optimizer=optimizer, epoch_length=epoch_length),
    )


def rates_of_run(optimizer, schedule, steps):
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        schedule.step()
    return rates


@pytest.mark.parametrize(
    ('step', 'share'),
    [
        (0, 0.0),
        (5, 0.5),  # half of the 10 warm-up steps
        (10, 1.0),
        (105, 0.5),  # half of the 190 cosine steps
        (200, 0.0),
    ],
)
def test_share_at_marked_steps(step, share):
    assert warmup_cosine(step, 200, 0.05) == pytest.approx(share, abs=1e-12)


def test_every_iteration_of_a_run_equals_the_formula():
    # 20 epochs of 10 iterations: warm-up w = 1 epoch, E = 20
    optimizer = make_optimizer(0.25)
    schedule = build(optimizer)
    rates = rates_of_run(optimizer, schedule, 200)
    for iteration, rate in enumerate(rates):
        epoch = iteration / 10
        expected = (
            0.25 * epoch
            if epoch < 1
            else 0.125 * (1 + math.cos(math.pi * (epoch - 1) / 19))
        )
        assert rate == pytest.approx(expected, abs=1e-12)
    assert rates[0] == 0
    assert max(rates) == rates[10] == 0.25


def test_cosine_may_begin_before_the_warm_up_ends():
    """As Feichtenhofer et al. (2021): a line up to the cosine of the run."""
    optimizer = make_optimizer(0.8)
    schedule = build(
        optimizer,
        epochs=200,
        warmup_ratio=35 / 200,
        start_ratio=0.01,
        cosine_after_warmup=False,
    )
    rates = rates_of_run(optimizer, schedule, 2000)
    top = 0.4 * (1 + math.cos(math.pi * 35 / 200))  # at epoch 35 of 200
    for iteration, rate in enumerate(rates):
        epoch = iteration / 10
        expected = (
            0.008 + (top - 0.008) * epoch / 35
            if epoch < 35
            else 0.4 * (1 + math.cos(math.pi * epoch / 200))
        )
        assert rate == pytest.approx(expected, abs=1e-12)
    assert rates[0] == pytest.approx(0.008)
    assert max(rates) == rates[350] == pytest.approx(top)
    assert top < 0.75


def test_warm_up_may_start_above_zero_and_reach_the_base_value():
    shares = [warmup_cosine(step, 100, 0.1, 0.2) for step in (0, 5, 10, 55)]
    assert shares == pytest.approx([0.2, 0.6, 1.0, 0.5])


def test_warm_up_may_end_within_an_epoch():
    optimizer = make_optimizer(1.0)
    schedule = build(optimizer, epochs=3, epoch_length=10)  # 1.5 iterations
    rates = rates_of_run(optimizer, schedule, 3)
    assert rates[:2] == pytest.approx([0, 1 / 1.5])
    assert rates[2] == pytest.approx((1 + math.cos(math.pi * 0.5 / 28.5)) / 2)


def test_without_warm_up_it_is_torchs_cosine():
    ours, theirs = make_optimizer(0.16), make_optimizer(0.16)
    schedule = build(ours, epochs=4, warmup_ratio=0.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(theirs, T_max=40)
    for rate in rates_of_run(ours, schedule, 40):
        assert rate == pytest.approx(theirs.param_groups[0]['lr'], abs=1e-9)
        theirs.step()
        reference.step()


def test_groups_keep_their_ratio():
    optimizer = make_optimizer(1.0, 0.1)
    schedule = build(optimizer)
    for _ in range(50):
        optimizer.step()
        schedule.step()
    first, second = (group['lr'] for group in optimizer.param_groups)
    assert first == pytest.approx(10 * second)
    assert first == pytest.approx(warmup_cosine(50, 200, 0.05))


def test_resumed_schedule_goes_on_exactly():
    whole = make_optimizer(0.3)
    rates = rates_of_run(whole, build(whole), 200)
    first = make_optimizer(0.3)
    schedule = build(first)
    rates_of_run(first, schedule, 77)
    second = make_optimizer(0.3)
    resumed = build(second)
    resumed.load_state_dict(schedule.state_dict())
    second.load_state_dict(first.state_dict())
    assert rates_of_run(second, resumed, 123) == rates[77:]


@pytest.mark.parametrize('ratio', [-0.1, 1.0, 5])
def test_warm_up_is_a_share_of_the_run(ratio):
    with pytest.raises(ValueError, match=rf'in \[0, 1\), got {ratio}'):
        WarmupCosineLR(make_optimizer(1.0), end=10, warmup_ratio=ratio)


@pytest.mark.parametrize('ratio', [-0.1, 1.5])
def test_start_is_a_share_of_the_base_value(ratio):
    with pytest.raises(ValueError, match=rf'in \[0, 1\], got {ratio}'):
        WarmupCosineLR(make_optimizer(1.0), end=10, start_ratio=ratio)

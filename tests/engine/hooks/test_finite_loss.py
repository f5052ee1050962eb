"""A diverged run stops with a reason."""

import types

import pytest
import torch

from vsslcodebase.engine.hooks import FiniteLossHook


def run(losses, interval=10):
    """Feed losses one by one, then end the epoch."""
    hook = FiniteLossHook(interval)
    wrapper = types.SimpleNamespace(get_lr=lambda: dict(lr=[0.5]))
    runner = types.SimpleNamespace(epoch=1, iter=0, optim_wrapper=wrapper)
    for runner.iter, loss in enumerate(losses):
        outputs = dict(loss=torch.tensor(loss), loss_order=torch.tensor(loss))
        hook.after_train_iter(runner, runner.iter, outputs=outputs)
    hook.after_train_epoch(runner)


@pytest.mark.parametrize('bad', [float('nan'), float('inf'), -float('inf')])
def test_a_bad_loss_stops_the_run(bad):
    with pytest.raises(FloatingPointError, match='--auto-scale-lr') as error:
        run([1.0, bad, 1.0, 1.0, 1.0], interval=4)
    assert 'before iteration 4 of epoch 2' in str(error.value)
    assert 'loss_order 1' in str(error.value)
    assert 'lr 0.5' in str(error.value)


def test_the_epochs_end_is_checked_in_any_case():
    with pytest.raises(FloatingPointError, match='iteration 2 of epoch 2'):
        run([1.0, float('nan')], interval=100)


def test_opposite_infinities_do_not_cancel():
    with pytest.raises(FloatingPointError):
        run([float('inf'), -float('inf')])


def test_finite_losses_pass():
    run([1e30, -1e30, 0.0] * 20)


def test_an_old_bad_sum_is_forgotten_only_after_a_check():
    with pytest.raises(FloatingPointError, match='iteration 3 '):
        run([1.0, 1.0, float('nan'), 1.0, 1.0, 1.0], interval=3)


def test_interval_is_positive():
    with pytest.raises(ValueError, match='at least 1, got 0'):
        FiniteLossHook(interval=0)

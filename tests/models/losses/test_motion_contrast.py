"""HCML's contrast of predicted with true motion features."""

import numpy as np
import pytest
import torch
from oracles import contrastive as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.losses import motion_contrast, motion_contrast_loss


@pytest.mark.parametrize(
    ('temperature', 'expected'), [(1, 0.952594), (0.07, 2.107158)]
)
def test_two_videos_of_two_times(temperature, expected):
    predicted = [(1.0, 0), (0, 1), (1, 1), (-1, 0)]
    target = [(1.0, 0), (1, 1), (0, 1), (-1, 0)]
    loss = motion_contrast_loss(
        torch.tensor(predicted).reshape(2, 1, 2, 2),
        torch.tensor(target).reshape(2, 1, 2, 2),
        temperature,
    )
    assert loss.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('shape', [(1, 2, 1, 3), (2, 3, 2, 5)])
def test_loss_and_gradient_are_those_of_the_loop(shape):
    predicted, target = np.random.default_rng(0).normal(size=(2, *shape))
    leaf = torch.from_numpy(predicted).requires_grad_()
    loss = motion_contrast_loss(leaf, torch.from_numpy(target), 0.2)
    expected = oracle.motion_contrast(predicted, target, 0.2)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    by_predicted = numeric_gradient(
        lambda x: oracle.motion_contrast(x, target, 0.2), predicted
    )
    np.testing.assert_allclose(leaf.grad, by_predicted, atol=1e-5)


def test_accuracy_counts_the_nearest():
    predicted = torch.tensor([(1.0, 0), (0, 1), (1, 1), (-1, 0)])
    target = torch.tensor([(1.0, 0), (1, 1), (0, 1), (-1, 0.1)])
    leaf = predicted.reshape(2, 1, 2, 2).requires_grad_()
    loss, accuracy = motion_contrast(leaf, target.reshape(2, 1, 2, 2))
    # the second is nearest to the third's target, the third to the second's
    assert accuracy.item() == 0.5
    assert not accuracy.requires_grad
    assert torch.equal(
        loss, motion_contrast_loss(leaf, target.reshape(2, 1, 2, 2))
    )


def test_target_gets_no_gradient():
    predicted, target = torch.rand(2, 2, 2, 2, 3).requires_grad_().unbind()
    target = target.detach().requires_grad_()
    motion_contrast_loss(predicted, target).backward()
    assert target.grad is None


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r'\(2, 2, 2, 3\) and \(2, 2, 3\)'):
        motion_contrast_loss(torch.ones(2, 2, 2, 3), torch.ones(2, 2, 3))

"""A hidden layer for all steps of the prediction."""

import pytest
import torch

from vsslcodebase.models.layers import MotionPredictor


def test_steps_share_one_hidden_layer():
    torch.manual_seed(0)
    predictor = MotionPredictor(5, 2, num_steps=3, hidden_channels=7)
    upper, lower = torch.randn(4, 6, 3), torch.randn(4, 6, 2)
    out = predictor(upper, lower)
    assert out.shape == (3, 4, 6, 2)
    x = torch.cat([upper, lower], -1)
    hidden = (x @ predictor.hidden.weight.T + predictor.hidden.bias).relu()
    for step in range(3):
        rows = slice(2 * step, 2 * step + 2)  # of this step
        weight = predictor.steps.weight[rows]
        expected = hidden @ weight.T + predictor.steps.bias[rows]
        torch.testing.assert_close(out[step], expected)


def test_parameters_are_those_of_two_layers():
    predictor = MotionPredictor(192, 64)  # level 1 of R2D-50
    count = sum(p.numel() for p in predictor.parameters())
    assert count == (192 + 1) * 256 + (256 + 1) * 3 * 64


@pytest.mark.parametrize('step', [0, 1])
def test_a_step_trains_the_hidden_layer_and_its_own_rows(step):
    predictor = MotionPredictor(5, 2, num_steps=2, hidden_channels=7)
    predictor(torch.ones(1, 3), torch.ones(1, 2))[step].sum().backward()
    assert predictor.hidden.weight.grad.abs().sum() > 0
    own = predictor.steps.weight.grad.unflatten(0, (2, 2)).abs().sum((1, 2))
    assert own[step] > 0
    assert own[1 - step] == 0

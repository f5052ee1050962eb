"""HCML's flow losses."""

import numpy as np
import pytest
import torch
from oracles import flow as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.losses import (
    flow_smoothness_loss,
    photometric_loss,
    stays_inside,
)

RAMP = torch.arange(12.0).reshape(1, 1, 3, 4).expand(1, 3, 3, 4) / 10


def constant_flow(u, v, height=3, width=4):
    flow = torch.zeros(1, 2, height, width)
    flow[:, 0], flow[:, 1] = u, v
    return flow


def test_penalty_of_zero_and_a_half():
    zero = photometric_loss(RAMP, RAMP, constant_flow(0, 0))
    assert zero.item() == pytest.approx(0.001995, abs=1e-6)
    half = photometric_loss(RAMP, RAMP + 0.5, constant_flow(0, 0))
    assert half.item() == pytest.approx(0.535888, abs=1e-5)


def test_one_pixel_to_the_right_leaves_three_valid_columns():
    loss = photometric_loss(RAMP, RAMP, constant_flow(1, 0))
    assert loss.item() == pytest.approx(0.125898, abs=1e-5)


def test_divided_by_all_pixels_as_printed():
    loss = photometric_loss(RAMP, RAMP, constant_flow(1, 0), norm='all')
    assert loss.item() == pytest.approx(0.094424, abs=1e-5)


def test_printed_loss_of_random_flow_is_smaller_by_the_valid_share():
    frame, following, flow = map(torch.from_numpy, random_frames())
    share = stays_inside(flow).float().mean()
    assert 0.3 < share < 0.9
    torch.testing.assert_close(
        photometric_loss(frame, following, flow, 'all'),
        share * photometric_loss(frame, following, flow),
    )


def test_pixels_that_leave_the_frame_are_told():
    flow = constant_flow(1, 0)
    flow[:, 1, 0, 0] = -0.1  # up, out of the first row
    flow[:, 1, 2, 1] = 0.1  # down, out of the last row
    expected = torch.ones(3, 4, dtype=torch.bool)
    expected[:, 3] = expected[0, 0] = expected[2, 1] = False
    assert torch.equal(stays_inside(flow)[0, 0], expected)


@pytest.mark.parametrize(('u', 'v'), [(1, 0), (0, 1), (-2, 1)])
def test_flow_points_from_the_frame_to_the_next(u, v):
    frame = torch.rand(1, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    moved = frame.roll((v, u), (2, 3))
    right = photometric_loss(frame, moved, constant_flow(u, v, 8, 9))
    assert right.item() == pytest.approx(0.001995, abs=1e-5)
    assert photometric_loss(frame, moved, constant_flow(-u, -v, 8, 9)) > 0.1


def random_frames(shape=(2, 3, 5, 6)):
    rng = np.random.default_rng(0)
    frames = rng.random((2, *shape))
    flow = rng.normal(size=(shape[0], 2, *shape[2:])) * 2
    return *frames, flow


@pytest.mark.parametrize('shape', [(2, 3, 5, 6), (1, 3, 1, 7), (1, 1, 4, 1)])
def test_photometric_is_that_of_the_loop(shape):
    arrays = random_frames(shape)
    loss = photometric_loss(*map(torch.from_numpy, arrays))
    assert loss.item() == pytest.approx(oracle.photometric(*arrays), rel=1e-5)


def test_photometric_gradient_is_that_of_the_loop():
    frame, following, flow = random_frames((1, 3, 3, 4))
    leaf = torch.from_numpy(flow).requires_grad_()
    photometric_loss(
        torch.from_numpy(frame), torch.from_numpy(following), leaf
    ).backward()
    expected = numeric_gradient(
        lambda x: oracle.photometric(frame, following, x), flow
    )
    np.testing.assert_allclose(leaf.grad, expected, atol=1e-5)


def test_flow_out_of_the_frame_costs_nothing():
    flow = constant_flow(100, 0).requires_grad_()
    loss = photometric_loss(RAMP, RAMP, flow)
    loss.backward()
    assert loss == 0
    assert (flow.grad == 0).all()


def test_smoothness_of_constant_and_sloping_flow():
    constant = flow_smoothness_loss(constant_flow(1, 0))
    assert constant.item() == pytest.approx(0.007981, abs=1e-6)
    slope = constant_flow(0, 0)
    slope[:, 0] = 1 + 0.1 * torch.arange(4.0)
    assert flow_smoothness_loss(slope).item() == pytest.approx(
        0.131884, abs=1e-6
    )


def test_smoothness_and_its_gradient_are_those_of_the_loop():
    *_, flow = random_frames((2, 3, 3, 4))
    leaf = torch.from_numpy(flow).requires_grad_()
    loss = flow_smoothness_loss(leaf)
    assert loss.item() == pytest.approx(oracle.smoothness(flow), rel=1e-5)
    loss.backward()
    expected = numeric_gradient(oracle.smoothness, flow)
    np.testing.assert_allclose(leaf.grad, expected, atol=1e-5)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r'\(1, 2, 3, 4\).*grid of the flow'):
        photometric_loss(RAMP, RAMP, constant_flow(0, 0, 6, 8))
    with pytest.raises(ValueError, match=r"'valid', 'all'.*got 'some'"):
        photometric_loss(RAMP, RAMP, constant_flow(0, 0), 'some')
    with pytest.raises(ValueError, match='of one shape'):
        photometric_loss(RAMP, RAMP[:, :1], constant_flow(0, 0))
    with pytest.raises(ValueError, match='H and W at least 2'):
        flow_smoothness_loss(constant_flow(0, 0, 1, 4))

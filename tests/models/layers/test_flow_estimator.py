"""Dense connections, and the precision of the flow."""

import torch
import torch.nn.functional as F

from vsslcodebase.models.layers import FlowEstimator


def make_estimator(**options):
    torch.manual_seed(0)
    estimator = FlowEstimator(6, **options)
    torch.nn.init.normal_(estimator.predict_flow.weight)
    return estimator


def random_maps(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_inputs_are_all_outputs_before_and_the_features():
    estimator = make_estimator(channels=(5, 4, 3))
    maps = random_maps(2, 6, 7, 8)
    outputs = [maps]
    for layer in estimator.layers:
        conv = layer[0]
        x = F.conv2d(torch.cat(outputs, 1), conv.weight, conv.bias, padding=1)
        outputs.insert(0, torch.where(x > 0, x, 0.1 * x))
    last = estimator.predict_flow
    flow = F.conv2d(torch.cat(outputs, 1), last.weight, last.bias, padding=1)
    assert flow.shape == (2, 2, 7, 8)
    torch.testing.assert_close(estimator(maps), flow)


def test_widths_are_those_of_pwc_net():
    widths = [layer[0].in_channels for layer in FlowEstimator(64).layers]
    assert widths == [64, 192, 320, 416, 480]
    assert FlowEstimator(64).predict_flow.in_channels == 512


def test_first_flow_is_a_small_fraction_of_a_pixel():
    torch.manual_seed(0)
    estimator = FlowEstimator(64)
    for _ in range(2):
        flow = estimator(random_maps(1, 64, 8, 8).relu())
        assert 0 < flow.abs().max() < 0.3
        estimator.init_weights()


def test_flow_is_float32_and_not_rounded_under_autocast():
    estimator = make_estimator(channels=(5, 4))
    maps = random_maps(1, 6, 8, 8)
    with torch.autocast('cpu', torch.bfloat16):
        flow = estimator(maps)
    assert flow.dtype == torch.float32
    assert not torch.equal(flow, flow.bfloat16().float())
    torch.testing.assert_close(flow, estimator(maps), atol=0.2, rtol=0.05)

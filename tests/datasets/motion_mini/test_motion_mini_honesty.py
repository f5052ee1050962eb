"""Direction must be in the order of frames, and nowhere else."""

import numpy as np
import pytest
from motion_mini_honesty import bag_features, fit_logistic, measure

from vsslcodebase.datasets.motion_mini import (
    LEVELS,
    DatasetSpec,
    level_knobs,
    plan_split,
    render_video,
)


@pytest.mark.parametrize('level', LEVELS)
def test_order_free_features_of_twins_are_equal(level):
    """So any model of them is at 50 % inside a pair, before encoding."""
    # 49 frames: the nine chosen ones lie symmetrically about the middle
    knobs = level_knobs(level, size=32, num_frames=49)
    plans = plan_split('val', 2 * len(knobs.pairs), knobs, seed=0)
    for forward, backward in zip(plans[::2], plans[1::2]):
        np.testing.assert_allclose(
            bag_features(render_video(forward, knobs)),
            bag_features(render_video(backward, knobs)),
            atol=1e-12,
        )


def test_logistic_regression_finds_a_separating_direction():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 5))
    y = (x @ [1.0, -2.0, 0.0, 0.0, 0.5] + 0.3 > 0).astype(int)
    w = fit_logistic(x[:200], y[:200], ridge=0.1)
    right = ((x[200:] @ w[:-1] + w[-1] > 0) == y[200:]).mean()
    assert right > 0.95


def test_logistic_regression_solves_its_equation():
    """The gradient of loss and ridge is zero, also with more unknowns."""
    rng = np.random.default_rng(0)
    for d in (3, 60):
        x, y = rng.standard_normal((40, d)), rng.integers(0, 2, 40)
        w = fit_logistic(x, y, ridge=2.0)
        x = np.pad(x, ((0, 0), (0, 1)), constant_values=1.0)
        gradient = x.T @ (1 / (1 + np.exp(-x @ w)) - y) + 2.0 * w
        np.testing.assert_allclose(gradient, 0, atol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(('level', 'size'), [('standard', 32), ('rich', 48)])
def test_direction_is_in_ordered_features_only(tmp_path, level, size):
    """On decoded files, so that the codec may not leak it either."""
    knobs = level_knobs(level, size=size)
    result = measure(tmp_path, DatasetSpec(knobs, (320, 160, 0)))
    assert np.mean(result['ordered']) > 0.9
    # 160 videos: the standard deviation of pure guessing is 0.04
    assert abs(np.mean(result['order-free']) - 0.5) < 0.1

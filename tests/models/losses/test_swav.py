"""SwAV's codes and the prediction of them."""

import numpy as np
import pytest
import torch
from oracles import swav as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.losses import sinkhorn_codes, swav_loss

# Three videos, two prototypes, two clips
SCORES = torch.tensor(
    [[[0.5, 0.1], [0.2, 0.4], [0.3, 0.3]], [[0.4, 0], [0.1, 0.6], [0.2, 0.1]]]
)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def test_codes_and_loss_of_three_videos_are_as_computed_by_hand():
    codes = sinkhorn_codes(SCORES, epsilon=0.05, num_iterations=3)
    first = torch.tensor([0.999100, 0.000900])
    torch.testing.assert_close(codes[0, 0], first, rtol=0, atol=5e-7)
    last = torch.tensor([0.271271, 0.728729])
    torch.testing.assert_close(codes[0, 2], last, rtol=0, atol=5e-7)
    loss = swav_loss(SCORES, codes, temperature=0.1)
    assert loss.item() == pytest.approx(0.323977, abs=5e-7)


@pytest.mark.parametrize('epsilon', [0.05, 0.5])
@pytest.mark.parametrize('iterations', [1, 3])
def test_codes_are_those_of_the_loop(epsilon, iterations):
    scores = draw(3, 7, 5)
    codes = sinkhorn_codes(torch.from_numpy(scores), epsilon, iterations)
    for clip, one in enumerate(scores):
        expected = oracle.sinkhorn(one, epsilon, iterations)
        np.testing.assert_allclose(codes[clip], expected, atol=1e-5)


@pytest.mark.parametrize('num_clips', [2, 3, 4])
def test_loss_and_gradient_are_those_of_the_loop(num_clips):
    scores = draw(num_clips, 5, 4, seed=1)
    codes = np.stack([oracle.sinkhorn(one, 0.1, 3) for one in scores])
    leaf = torch.from_numpy(scores).requires_grad_()
    loss = swav_loss(leaf, torch.from_numpy(codes), 0.2)
    expected = oracle.swav(scores, codes, 0.2)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    by_scores = numeric_gradient(lambda x: oracle.swav(x, codes, 0.2), scores)
    np.testing.assert_allclose(leaf.grad, by_scores, atol=1e-6)


def test_every_clip_has_one_code_and_every_prototype_its_share():
    scores = torch.from_numpy(draw(24, 6))
    codes = sinkhorn_codes(scores, epsilon=0.2, num_iterations=100)
    torch.testing.assert_close(codes.sum(1), torch.ones(24))
    torch.testing.assert_close(codes.sum(0), torch.full((6,), 24 / 6))


def test_equal_scores_are_spread_over_all_prototypes():
    torch.testing.assert_close(
        sinkhorn_codes(torch.full((3, 4), 0.7)), torch.full((3, 4), 0.25)
    )


def test_a_constant_added_to_the_scores_changes_nothing():
    scores = torch.from_numpy(draw(6, 4)).float()
    moved = (scores * 64).round() / 64  # sums with 256 are then exact
    torch.testing.assert_close(
        sinkhorn_codes(moved + 256), sinkhorn_codes(moved), rtol=0, atol=0
    )


def test_permuted_videos_have_permuted_codes_and_the_same_loss():
    order = torch.tensor([2, 0, 1])
    codes = sinkhorn_codes(SCORES)
    torch.testing.assert_close(
        sinkhorn_codes(SCORES[:, order]), codes[:, order]
    )
    torch.testing.assert_close(
        swav_loss(SCORES[:, order], codes[:, order]), swav_loss(SCORES, codes)
    )


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_scores_of_any_size_give_finite_codes(dtype):
    scores = (torch.from_numpy(draw(16, 8)) * 1e4).to(dtype)
    scores[0], scores[:, 0] = 1e4, -1e4  # ties, and one far from every clip
    codes = sinkhorn_codes(scores)
    assert codes.dtype == torch.float32
    assert codes.isfinite().all()
    torch.testing.assert_close(codes.sum(1), torch.ones(16))


def test_a_prototype_far_from_every_clip_still_gets_its_share():
    scores = torch.zeros(6, 3)
    scores[:, 2] = -100  # exp(-100 / 0.05) is zero in every float
    codes = sinkhorn_codes(scores)
    torch.testing.assert_close(codes, torch.full((6, 3), 1 / 3))


def test_codes_get_no_gradient():
    scores = SCORES.clone().requires_grad_()
    assert not sinkhorn_codes(scores).requires_grad
    codes = torch.full_like(SCORES, 0.5, requires_grad=True)
    swav_loss(scores, codes).backward()
    assert codes.grad is None
    assert scores.grad.abs().sum() > 0


@pytest.mark.parametrize('shape', [(1, 4), (4, 1), (3, 1, 4), (4,)])
def test_fewer_than_two_clips_or_prototypes_are_refused(shape):
    with pytest.raises(ValueError, match=r'N >= 2 clips for K >= 2 .*raise'):
        sinkhorn_codes(torch.zeros(shape))


@pytest.mark.parametrize(
    'options', [dict(epsilon=0.0), dict(num_iterations=0)]
)
def test_values_that_make_no_codes_are_refused(options):
    with pytest.raises(ValueError, match=r'epsilon > 0 and num_iterations >'):
        sinkhorn_codes(SCORES, **options)


@pytest.mark.parametrize('shape', [(1, 3, 2), (2, 3, 4), (3, 2)])
def test_scores_and_codes_that_do_not_match_are_refused(shape):
    scores = torch.zeros((1, 3, 2) if shape[0] == 1 else (2, 3, 2))
    with pytest.raises(ValueError, match=r'one shape \(V, N, K\) with V >= 2'):
        swav_loss(scores, torch.zeros(shape))

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from vsslcodebase.evaluation import similarity
from vsslcodebase.evaluation.time_use import (
    clip_contrast,
    contrast_by_times,
    decode_times,
    random_shares,
    share_in_span,
)
from vsslcodebase.models.losses import info_nce_loss


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_contrast_is_info_nce_with_the_other_videos_as_queue(monkeypatch):
    z = torch.randn(5, 3, 8)
    unit = F.normalize(z, dim=-1)
    losses = [
        info_nce_loss(
            own[place, None],
            own[torch.arange(3) != place][None],
            unit[torch.arange(5) != video].flatten(0, 1),
            temperature=0.2,
        )
        for video, own in enumerate(unit)
        for place in range(3)
    ]
    expected = torch.stack(losses).mean()
    torch.testing.assert_close(clip_contrast(z, 0.2), expected)
    monkeypatch.setattr(similarity, 'MAX_SIMILARITIES', 4 * 15)  # blocks
    torch.testing.assert_close(clip_contrast(z, 0.2), expected)


def test_contrast_by_hand():
    # equal clips in a video, two videos at right angles: e^(1/tau) to 2 e^0
    z = torch.eye(2)[:, None].repeat(1, 2, 1)
    expected = torch.log1p(2 * torch.exp(torch.tensor(-10.0)))
    torch.testing.assert_close(clip_contrast(z), expected)


def test_contrast_needs_two_clips_of_two_videos():
    for shape in ((1, 4, 8), (4, 1, 8)):
        with pytest.raises(ValueError, match='N >= 2 videos with V >= 2'):
            clip_contrast(torch.zeros(shape))


def navigating(features, times):
    """Take the drift with time out of features: what LTN can learn."""
    if times is None:
        return features
    drift = torch.zeros_like(features)
    drift[:, :1] = 3 * times
    return features - drift


@pytest.fixture
def drifting():
    """Features of videos that drift with time along the first axis."""
    times = torch.rand(16, 3, 1)
    features = torch.randn(16, 1, 12).repeat(1, 3, 1)
    features[..., :1] += 3 * times
    return features, times


def test_wrong_times_raise_the_loss_of_a_network_that_uses_time(drifting):
    features, times = drifting
    found = contrast_by_times(navigating, features, times, 5)
    assert found.shuffled.shape == (5,)
    assert found.shuffled.min() > found.true + 0.05
    # the true times undo the drift: clips of a video are then the same
    still = features - F.pad(3 * times, (0, 11))
    assert found.true == pytest.approx(float(clip_contrast(still)), abs=1e-5)
    again = contrast_by_times(navigating, features, times, 5)
    assert torch.equal(found.shuffled, again.shuffled)


def test_wrong_times_leave_the_loss_of_others_exactly_as_it_is(drifting):
    features, times = drifting
    base = contrast_by_times(navigating, features, None, 3)
    deaf = contrast_by_times(lambda f, t: f, features, times, 3)
    for found in (base, deaf):
        assert found.shuffled.tolist() == [found.true] * 3
    assert base.true == deaf.true == float(clip_contrast(features))


def test_times_of_other_clips_are_refused(drifting):
    features, times = drifting
    with pytest.raises(ValueError, match=r'expected times \(16, 3\)'):
        contrast_by_times(navigating, features, times[:, :2])


def test_share_of_what_moves_along_the_basis_is_one_and_across_zero():
    basis = torch.linalg.qr(torch.randn(10, 10))[0]
    inside, across = basis[:, :3], basis[:, 3:]
    videos = 5 * torch.randn(6, 1, 10)  # where videos lie does not matter
    along = videos + torch.randn(6, 4, 3) @ inside.T
    apart = videos + torch.randn(6, 4, 7) @ across.T
    assert share_in_span(along, inside) == pytest.approx(1)
    assert share_in_span(apart, inside) == pytest.approx(0, abs=1e-9)
    # a span is the same for other columns in it, dependent ones too
    mixed = inside @ torch.randn(3, 5)
    assert share_in_span(along, mixed) == pytest.approx(1)
    assert share_in_span(apart, mixed) == pytest.approx(0, abs=1e-9)


def test_share_by_hand():
    features = torch.tensor([[[3.0, 4.0], [-3.0, -4.0]]])
    assert share_in_span(features, torch.eye(2)[:, :1]) == pytest.approx(0.36)


def test_share_of_random_directions_is_their_number_by_dimensions():
    # most of the variance in few dimensions: the mean stays, not the spread
    features = torch.randn(20, 3, 16) * torch.linspace(0.1, 3, 16)
    shares = random_shares(features, 4, num_draws=400)
    assert float(shares.mean()) == pytest.approx(4 / 16, abs=0.01)
    assert float(random_shares(features, 16, 2).min()) == pytest.approx(1)


def test_share_needs_something_that_varies():
    with pytest.raises(ValueError, match='the same features'):
        share_in_span(torch.randn(4, 1, 8), torch.eye(8)[:, :2])
    with pytest.raises(ValueError, match='a basis'):
        share_in_span(torch.randn(4, 3, 8), torch.eye(7))


def test_time_that_is_linear_in_features_is_decoded():
    times = 4 + 3 * torch.rand(30, 3)
    features = torch.randn(30, 3, 6)
    features[..., 2] = 0.5 * times - 7
    assert decode_times(features, times) > 0.9999
    noisy = features + 0.5 * times.std() * torch.randn(30, 3, 6)
    assert 0.2 < decode_times(noisy, times) < 0.8


def test_time_that_is_not_in_features_is_not_decoded():
    times = torch.rand(100, 3)
    assert -0.05 < decode_times(torch.randn(100, 3, 6), times) < 0.05
    # more dimensions than clips: the penalty keeps it from learning by heart
    assert -0.1 < decode_times(torch.randn(100, 3, 400), times) < 0.1


def test_videos_are_not_known_by_their_clips():
    # all clips of a video at one time, which its features only name
    times = torch.rand(60, 1).repeat(1, 4)
    names = torch.randn(60, 1, 200).repeat(1, 4, 1)
    assert decode_times(names + 0.01 * torch.randn(60, 4, 200), times) < 0.1


def test_decoding_tells_errors():
    features, times = torch.randn(4, 2, 3), torch.rand(4, 2)
    with pytest.raises(ValueError, match=r'num_folds must be 3 to 4'):
        decode_times(features, times)
    with pytest.raises(ValueError, match='all clips start at 2'):
        decode_times(features, torch.full((4, 2), 2.0), 3)
    with pytest.raises(ValueError, match='times'):
        decode_times(features, times[:, :1], 3)

"""Closed forms, and what is called collapse and what is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vsslcodebase.evaluation.embedding_health import (
    alignment,
    effective_rank,
    embedding_health,
    find_collapse,
    pair_similarities,
    uniformity,
)


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_effective_rank_of_orthogonal_directions_is_their_number():
    lengths = torch.arange(1.0, 9)[:, None]
    assert effective_rank(lengths * torch.eye(8)).item() == pytest.approx(8)
    assert effective_rank(torch.eye(8)[:3]).item() == pytest.approx(3)


def test_effective_rank_of_one_direction_is_one():
    rows = randn(1, 16).expand(20, 16) * torch.linspace(-3, 5, 20)[:, None]
    assert effective_rank(rows).item() == pytest.approx(1, abs=1e-4)


def test_effective_rank_by_hand():
    # three rows e1 and one e2: singular values sqrt(3) and 1
    rows = torch.eye(4)[[0, 0, 0, 1]]
    share = 1 / (1 + math.sqrt(3))
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert effective_rank(rows).item() == pytest.approx(math.exp(entropy))


def test_effective_rank_equals_a_float64_reference():
    rows = randn(40, 12) + 2 * randn(1, 12, seed=1)
    unit = rows.double().numpy()
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    values = np.linalg.svd(unit, compute_uv=False)
    shares = values / values.sum()
    expected = np.exp(-(shares * np.log(shares)).sum())
    assert effective_rank(rows).item() == pytest.approx(expected, rel=1e-5)


def test_effective_rank_counts_the_mean_direction():
    # not centred: far from the origin all rows are nearly one direction
    rows = randn(64, 16)
    assert effective_rank(rows).item() > 14
    assert effective_rank(rows + 1000).item() < 1.1


def test_alignment_is_the_squared_chord():
    angle = 0.3
    turned = torch.tensor([math.cos(angle), math.sin(angle)])
    clips = torch.stack([torch.tensor([1.0, 0]), turned]).expand(5, 2, 2)
    positive, _ = pair_similarities(clips)
    expected = 2 - 2 * math.cos(angle)
    assert alignment(positive).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ('similarity', 'expected'), [(1.0, 0.0), (0.0, -4.0), (-1.0, -8.0)]
)
def test_uniformity_of_equal_similarities(similarity, expected):
    found = uniformity(torch.full((7,), similarity)).item()
    assert found == pytest.approx(expected, abs=1e-6)


def test_uniformity_equals_a_slow_loop():
    clips = randn(6, 3, 5)
    unit = clips.double() / clips.double().norm(dim=-1, keepdim=True)
    values = [
        math.exp(-2 * (unit[a, i] - unit[b, j]).square().sum().item())
        for a in range(6)
        for b in range(6)
        for i in range(3)
        for j in range(3)
        if a != b
    ]
    _, negative = pair_similarities(clips)
    expected = math.log(sum(values) / len(values))
    assert uniformity(negative).item() == pytest.approx(expected, rel=1e-5)


def test_pairs_are_sorted_by_video():
    # clip v of video b is the unit vector b: equal inside, orthogonal across
    clips = torch.eye(4)[:, None].expand(4, 3, 4)
    positive, negative = pair_similarities(clips)
    assert positive.tolist() == [1.0] * (4 * 3)
    assert negative.tolist() == [0.0] * (9 * 4 * 3 // 2)


def test_everything_by_hand_for_aligned_orthogonal_videos():
    health = embedding_health(torch.eye(4)[:, None].expand(4, 3, 4))
    assert health.scalars == pytest.approx(
        {
            'spread': math.sqrt(3) / 4,
            'effective_rank': 4,
            'alignment': 0,
            'uniformity': -4,
            'positive_similarity': 1,
            'negative_similarity': 0,
        },
        rel=1e-5,
        abs=1e-6,
    )


def test_the_order_of_videos_and_clips_is_of_no_effect():
    clips = randn(10, 3, 16)
    order = torch.randperm(10, generator=torch.Generator().manual_seed(1))
    once = embedding_health(clips).scalars
    again = embedding_health(clips[order].flip(1)).scalars
    assert again == pytest.approx(once, rel=1e-4)


def test_one_clip_a_video_leaves_positives_out():
    found = embedding_health(randn(12, 1, 8))
    assert set(found.scalars) == {
        'spread',
        'effective_rank',
        'uniformity',
        'negative_similarity',
    }
    assert len(found.positive) == 0
    assert len(found.negative) == 66


def test_one_video_leaves_negatives_out():
    found = embedding_health(randn(1, 4, 8))
    assert {'alignment', 'positive_similarity'} <= set(found.scalars)
    assert not {'uniformity', 'negative_similarity'} & set(found.scalars)


@pytest.mark.parametrize('scale', [1e-30, 1e-4, 1e5, 1e30])
def test_length_is_of_no_effect(scale):
    clips = randn(16, 2, 32)
    expected = embedding_health(clips).scalars
    assert embedding_health(clips * scale).scalars == pytest.approx(
        expected, rel=1e-4
    )


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype):
    clips = randn(16, 2, 32).to(dtype)
    expected = embedding_health(clips.float())
    with torch.autocast('cpu', torch.bfloat16):
        found = embedding_health(clips)
    assert found.scalars == expected.scalars
    assert found.positive.dtype == torch.float32


def test_a_matrix_is_refused_with_the_expected_shape():
    with pytest.raises(ValueError, match=r'\(B, V, d\).*\(4, 8\)'):
        embedding_health(randn(4, 8))


SHAPES = [
    (2, 2, 2),
    (3, 4, 128),
    (8, 1, 8),
    (8, 2, 8),
    (8, 4, 512),
    (64, 1, 8),
    (16, 4, 64),
    (128, 2, 128),
]


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('kind', ['normal', 'aligned', 'relu', 'large bf16'])
def test_random_embeddings_are_never_called_collapsed(shape, kind):
    for seed in range(20):
        clips = randn(*shape, seed=seed)
        if kind == 'aligned':
            clips = clips[:, :1].expand(shape)
        elif kind == 'relu':
            clips = clips.relu()
        elif kind == 'large bf16':
            clips = (1e4 * clips).bfloat16()
        assert embedding_health(clips).collapse is None


def test_an_untrained_network_is_not_called_collapsed():
    # nearly one direction, as ReLU networks begin: mean cosine 0.95
    clips = randn(16, 2, 64) + 4.4 * randn(64, seed=1)
    found = embedding_health(clips)
    assert 0.9 < found.scalars['negative_similarity'] < 0.97
    assert found.collapse is None


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize('noise', [0.0, 1e-3, 1e-2])
def test_one_point_is_called_collapsed(dtype, noise):
    clips = randn(64, seed=1) + noise * randn(16, 2, 64)
    assert embedding_health((300 * clips).to(dtype)).collapse == 'one point'


def test_zeros_are_called_collapsed():
    found = embedding_health(torch.zeros(16, 2, 64))
    assert found.collapse == 'one point'
    assert all(math.isfinite(value) for value in found.scalars.values())


def test_one_line_is_called_collapsed():
    # what BatchNorm makes of a single feature: its sign decides
    feature = randn(32, 2, 1)
    clips = feature * randn(64, seed=1) + 1e-3 * randn(32, 2, 64, seed=2)
    found = embedding_health(clips)
    assert found.scalars['spread'] * 8 > 0.5
    assert found.collapse == 'one line'


def test_nothing_is_said_of_few_videos_or_dimensions():
    assert find_collapse(0.0, 1.0, num_videos=7, num_dims=64) is None
    assert find_collapse(0.0, 1.0, num_videos=64, num_dims=7) is None
    assert find_collapse(0.0, 1.0, num_videos=8, num_dims=8) == 'one point'

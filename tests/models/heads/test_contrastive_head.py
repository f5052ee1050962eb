import math

import pytest
import torch
from mmaction.structures import ActionDataSample
from oracles.contrastive import nt_xent

from vsslcodebase.models import ContrastiveHead
from vsslcodebase.models.heads.diagnostics import (
    contrast_accuracy,
    embedding_spread,
)


def samples(count):
    return [ActionDataSample() for _ in range(count)]


def test_loss_is_nt_xent_of_the_batch_and_needs_no_clip_times():
    torch.manual_seed(0)
    z = torch.randn(8, 6, dtype=torch.float64)
    out = ContrastiveHead(temperature=0.2).loss(z, samples(4))
    expected = nt_xent(z.numpy(), 0.2)
    assert out['loss_contrast'].item() == pytest.approx(expected, rel=1e-5)
    assert set(out) == {'loss_contrast', 'contrast_acc', 'embedding_std'}


def test_prediction_splits_embeddings_by_video():
    z = torch.arange(12.0).view(6, 2)
    out = ContrastiveHead().predict(z, samples(2))
    assert torch.equal(out[1].embedding, z[3:])


def test_embeddings_must_be_divisible_among_videos():
    with pytest.raises(ValueError, match=r'of B=4 videos, got shape \(6, 2\)'):
        ContrastiveHead().loss(torch.ones(6, 2), samples(4))


def test_spread_is_zero_when_collapsed_and_that_of_a_sphere_when_spread():
    torch.manual_seed(0)
    lengths = torch.rand(500, 1) + 0.1  # the length must not count
    assert embedding_spread(lengths * torch.ones(500, 16)).item() < 1e-6
    sphere = embedding_spread(lengths * torch.randn(500, 16)).item()
    assert sphere == pytest.approx(1 / math.sqrt(16), rel=0.03)


def test_spread_by_hand():
    # directions (1, 0) and (0, 1): each dimension holds 1 and 0, so 0.5
    z = torch.tensor([[2.0, 0.0], [0.0, 5.0]])
    assert embedding_spread(z).item() == 0.5


def test_contrast_accuracy_does_not_count_a_clip_as_its_neighbour():
    z = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.8, 0.1], [0.1, 0.8]])
    alternating = torch.tensor([0, 1, 0, 1])
    assert contrast_accuracy(z, alternating) == 1
    assert contrast_accuracy(z, torch.tensor([0, 0, 1, 1])) == 0

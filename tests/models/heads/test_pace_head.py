"""Pace classes and contrasts, against the paper's equations by hand."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from torch._subclasses import FakeTensorMode

from vsslcodebase.models.heads import PaceHead
from vsslcodebase.models.losses import (
    pace_same_context_loss,
    pace_same_pace_loss,
)
from vsslcodebase.models.necks import PoolNeck


def samples_of(labels, wraps=None):
    """Return a data sample for each row of labels (B, V)."""
    samples = []
    for row, own in zip(labels, wraps or [None] * len(labels)):
        sample = ActionDataSample()
        sample.set_field(torch.tensor(row), 'pace_label')
        if own is not None:
            sample.set_field(torch.tensor(own), 'clip_wraps')
        samples.append(sample)
    return samples


@pytest.fixture
def embeddings():
    torch.manual_seed(0)
    return torch.randn(6, 5).relu().requires_grad_()


LABELS = [[0, 2], [1, 1], [3, 0]]
FLAT = torch.tensor([0, 2, 1, 1, 3, 0])


def test_classes_alone_are_cross_entropy(embeddings):
    head = PaceHead(5, num_paces=4)
    losses = head.loss(embeddings, samples_of(LABELS))
    logits = head.classifier(embeddings)
    expected = -logits.log_softmax(1)[range(6), FLAT].mean()
    torch.testing.assert_close(losses['loss_pace'], expected)
    assert losses['pace_acc'] == (logits.argmax(1) == FLAT).float().mean()
    assert 'loss_contrast' not in losses


def test_the_vector_of_cross_entropy_and_same_context():
    """CE([2,1,0,-1], class 1) + 0.1 x 0.662507 = 1.506440."""
    z = torch.tensor([(1, 0), (0.5, 0.5), (0, 1), (-1, 1)])
    head = PaceHead(2, num_paces=4, contrast='same-context')
    with torch.no_grad():
        head.classifier.weight.zero_()
        head.classifier.bias.copy_(torch.tensor([2.0, 1.0, 0.0, -1.0]))
    losses = head.loss(z, samples_of([[1, 1], [1, 1]]))
    total = losses['loss_pace'] + losses['loss_contrast']
    assert total.item() == pytest.approx(1.506440, abs=1e-6)


@pytest.mark.parametrize('contrast', ['same-context', 'same-pace'])
@pytest.mark.parametrize('channels', [None, 3])
def test_contrast_alone_has_no_classifier(embeddings, contrast, channels):
    head = PaceHead(
        5,
        contrast=contrast,
        contrast_channels=channels,
        pace_weight=0,
        contrast_weight=1,
    )
    losses = head.loss(embeddings, samples_of(LABELS))
    z = embeddings
    if channels:
        z = F.linear(z, *head.contrast_layer[0].parameters()).relu()
    expected = (
        pace_same_context_loss(z)
        if contrast == 'same-context'
        else pace_same_pace_loss(z, FLAT)
    )
    torch.testing.assert_close(losses['loss_contrast'], expected)
    assert 'loss_pace' not in losses
    names = [name for name, _ in head.named_parameters()]
    assert len(names) == (2 if channels else 0)
    losses['loss_contrast'].backward()
    assert all(p.grad.any() for p in head.parameters())
    assert 'pace_scores' not in head.predict(z, samples_of(LABELS))[0]


def test_the_extra_layer_of_the_paper_has_some_4000_parameters():
    with_layer = PaceHead(512, contrast='same-context', contrast_channels=8)
    without = PaceHead(512, contrast='same-context')
    counts = [
        sum(p.numel() for p in head.parameters())
        for head in (with_layer, without)
    ]
    assert counts[0] - counts[1] == 4104


@pytest.mark.parametrize(
    'no_contrast',
    [dict(contrast=None), dict(contrast='same-pace', contrast_weight=0)],
)
def test_no_layer_without_a_contrast(no_contrast):
    head = PaceHead(5, contrast_channels=8, **no_contrast)
    names = [name for name, _ in head.named_parameters()]
    assert names == ['classifier.weight', 'classifier.bias']


def test_gradient_reaches_both_branches(embeddings):
    head = PaceHead(5, contrast='same-context', contrast_channels=4)
    losses = head.loss(embeddings, samples_of(LABELS))
    (losses['loss_pace'] + losses['loss_contrast']).backward()
    assert all(p.grad.any() for p in head.parameters())
    assert embeddings.grad.any()


def test_no_two_clips_of_a_pace_is_no_error(embeddings):
    head = PaceHead(5, contrast='same-pace', num_paces=8)
    labels = [[0, 1], [2, 3], [4, 5]]
    losses = head.loss(embeddings, samples_of(labels))
    assert losses['loss_contrast'] == 0
    losses['loss_contrast'].backward()


def test_straight_clips_are_counted_apart(embeddings):
    head = PaceHead(5)
    wraps = [[True, True], [False, True], [True, False]]
    losses = head.loss(embeddings, samples_of(LABELS, wraps))
    right = head.classifier(embeddings).argmax(1) == FLAT
    assert losses['straight_pace_acc'] == right[[2, 5]].float().mean()
    losses = head.loss(embeddings, samples_of(LABELS, [[True] * 2] * 3))
    assert losses['straight_pace_acc'].isnan()


def test_videos_may_come_in_any_order(embeddings):
    head = PaceHead(5, contrast='same-context', contrast_channels=4)
    one = head.loss(embeddings, samples_of(LABELS))
    order = torch.tensor([4, 5, 0, 1, 2, 3])
    other = head.loss(
        embeddings[order], samples_of([LABELS[i] for i in (2, 0, 1)])
    )
    for name in ('loss_pace', 'loss_contrast'):
        torch.testing.assert_close(one[name], other[name])


def test_predictions_are_probabilities_by_clip(embeddings):
    head = PaceHead(5)
    samples = head.predict(embeddings, samples_of(LABELS))
    scores = torch.cat([sample.pace_scores for sample in samples])
    torch.testing.assert_close(scores, head.classifier(embeddings).softmax(1))
    torch.testing.assert_close(samples[1].embedding, embeddings[2:4])


def test_half_precision_embeddings_do_not_overflow():
    """Dot products of 512 non-negative features go beyond float16."""
    z = torch.full((4, 512), 20.0, dtype=torch.float16)
    head = PaceHead(512, contrast='same-context', pace_weight=0)
    loss = head.loss(z, samples_of([[0, 1], [2, 3]]))['loss_contrast']
    assert loss.item() == pytest.approx(0.1 * torch.log(torch.tensor(3.0)))


@pytest.mark.parametrize('contrast', [None, 'same-context', 'same-pace'])
def test_nothing_is_asked_of_the_device_before_the_loss(contrast):
    """Fake tensors have no values: whoever asks for one is refused."""
    with FakeTensorMode():
        samples = samples_of(LABELS)
        for sample in samples:
            sample.set_metainfo(dict(num_paces=4))
            sample.pace_label = torch.empty(2, dtype=torch.int64)
            sample.set_field(torch.empty(2, dtype=torch.bool), 'clip_wraps')
        head = PaceHead(5, contrast=contrast)
        losses = head.loss(torch.empty(6, 5), samples)
    names = {'loss_pace', 'pace_acc', 'straight_pace_acc', 'embedding_std'}
    assert set(losses) == names | ({'loss_contrast'} if contrast else set())


def test_the_number_of_paces_of_the_sampler_is_compared(embeddings):
    samples = samples_of([[0, 0]] * 3)  # all of them classes
    for sample in samples:
        sample.set_metainfo(dict(num_paces=3))
    with pytest.raises(ValueError, match=r'num_paces=4, but .* has \[3\]'):
        PaceHead(5).loss(embeddings, samples)
    PaceHead(5, num_paces=3).loss(embeddings, samples)


def test_wrong_use_is_named(embeddings):
    with pytest.raises(ValueError, match="got 'context'"):
        PaceHead(contrast='context')
    with pytest.raises(ValueError, match='nothing to be learnt'):
        PaceHead(pace_weight=0)
    with pytest.raises(ValueError, match='num_paces must be >= 2, got 1'):
        PaceHead(num_paces=1)
    with pytest.raises(ValueError, match=r'must be >= 0, got 1\.0 and -1'):
        PaceHead(contrast_weight=-1)
    head = PaceHead(5, num_paces=3)
    with pytest.raises(ValueError, match=r'must be in 0..2, got 0..3'):
        head.loss(embeddings, samples_of(LABELS))
    with pytest.raises(ValueError, match='sample clips with SamplePaceClips'):
        head.loss(embeddings, [ActionDataSample()] * 3)
    with pytest.raises(ValueError, match=r'shape \(2,\), but there are 3'):
        head.loss(embeddings, samples_of(LABELS[:2]))
    head = PaceHead(5, contrast='same-context')
    with pytest.raises(ValueError, match='needs 2 clips per video, got 1'):
        head.loss(embeddings, samples_of([[0]] * 6))


def test_pool_neck_averages_maps():
    feats = torch.arange(24.0).view(2, 3, 2, 1, 2)
    embeddings, losses = PoolNeck()(feats)
    expected = feats.flatten(2).mean(2)
    torch.testing.assert_close(embeddings, expected)
    assert losses == {}
    with pytest.raises(ValueError, match=r'got shape \(2, 3\)'):
        PoolNeck()(expected)

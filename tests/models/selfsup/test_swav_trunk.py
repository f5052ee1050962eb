"""SwAV: prototypes, when they move, and the loss against slow loops."""

from itertools import permutations

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from oracles import swav as oracle
from trunk_toys import WIDTH, build_trunk, trunk_batch

from vsslcodebase.engine.lars import LARS
from vsslcodebase.models.selfsup.swav import (
    prototype_perplexity,
    prototype_scores,
)

# Each decays weights by a tenth of the step
OPTIMIZERS = {
    'sgd': lambda p: torch.optim.SGD(
        p, lr=0.5, momentum=0.9, weight_decay=0.2
    ),
    'adamw': lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=1.0),
    'lars': lambda p: LARS(p, lr=1.0, weight_decay=0.1),
}


def set_epoch(epoch):
    """Tell the model the epoch, as mmengine's Runner does."""
    MessageHub.get_current_instance().update_info('epoch', epoch)


def one_pair_at_a_time(model, inputs):
    """The loss in loops: clip by clip through networks without BatchNorm."""
    B, V = inputs.shape[:2]
    prototypes = F.normalize(model.prototypes, dim=1)
    scores = {}
    for b in range(B):
        for v in range(V):
            z, _ = model.neck(model.backbone(inputs[b, v][None]))
            scores[v, b] = F.normalize(z[0], dim=0) @ prototypes.T
    codes = []
    for v in range(V):
        numbers = [scores[v, b].detach().double().numpy() for b in range(B)]
        codes.append(oracle.sinkhorn(numbers, model.epsilon, 3))
    total = 0.0
    for s, t in permutations(range(V), 2):
        for b in range(B):
            log_p = (scores[s, b] / model.temperature).log_softmax(0)
            total = total - (torch.from_numpy(codes[t][b]) * log_p).sum()
    return total / (B * V * (V - 1))


@pytest.mark.parametrize('num_clips', [2, 3])
def test_loss_and_gradient_are_those_of_all_ordered_pairs(num_clips):
    model = build_trunk('SwAV', norm=None)
    inputs, samples = trunk_batch(4, num_clips)
    found = []
    for loss in (
        model(inputs, samples, mode='loss')['loss_swav'],
        one_pair_at_a_time(model, inputs).float(),
    ):
        model.zero_grad()
        loss.backward()
        grads = {k: p.grad.clone() for k, p in model.named_parameters()}
        found.append(dict(loss=loss.detach(), **grads))
    # The gradient reaches the prototypes before they are normalised, which
    # is what makes the next step's prototypes; the loops differentiate that.
    theirs = found[1].pop('prototypes')
    ours = found[0].pop('prototypes')
    p = model.prototypes.detach()
    tangent = ours - (ours * p).sum(1, keepdim=True) * p
    torch.testing.assert_close(tangent, theirs, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-6)


def test_gradient_reaches_every_parameter():
    model = build_trunk('SwAV')
    out = model(*trunk_batch(num_clips=3), mode='loss')
    model.parse_losses(out)[0].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


def test_a_training_step_makes_the_prototypes_unit_vectors():
    model = build_trunk('SwAV')
    with torch.no_grad():
        model.prototypes.mul_(torch.arange(1.0, 8)[:, None])
    directions = F.normalize(model.prototypes.detach(), dim=1)
    model.eval()(*trunk_batch(), mode='loss')
    assert model.prototypes.norm(dim=1).max() > 6  # nothing moves in 'eval'
    model.train()(*trunk_batch(), mode='loss')
    torch.testing.assert_close(model.prototypes.detach(), directions)


def test_the_length_of_prototypes_and_embeddings_does_not_count():
    model = build_trunk('SwAV').eval()
    losses = []
    for _ in range(2):
        losses.append(model(*trunk_batch(), mode='loss')['loss_swav'])
        with torch.no_grad():
            model.prototypes.mul_(3)
            for parameter in model.neck.projection[-1].parameters():
                parameter.mul_(5)
    torch.testing.assert_close(*losses)


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_frozen_prototypes_keep_their_directions(name):
    model = build_trunk('SwAV', freeze_prototypes_epochs=2)
    optimizer = OPTIMIZERS[name](model.parameters())
    start = model.prototypes.detach().clone()
    weight = model.neck.projection[0].weight
    before = weight.detach().clone()
    for epoch in (0, 0, 1, 1):
        set_epoch(epoch)
        optimizer.zero_grad()
        model(*trunk_batch(), mode='loss')['loss_swav'].backward()
        # a gradient, which DDP waits for, and momentum has nothing to keep
        assert model.prototypes.grad.count_nonzero() == 0
        optimizer.step()
    lengths = model.prototypes.detach().norm(dim=1, keepdim=True)
    torch.testing.assert_close(
        model.prototypes.detach() / lengths, start, rtol=0, atol=1e-6
    )
    assert not torch.equal(weight, before)
    set_epoch(2)
    model(*trunk_batch(), mode='loss')['loss_swav'].backward()
    optimizer.step()
    assert (F.normalize(model.prototypes) - start).abs().max() > 1e-4


@pytest.mark.parametrize(('epochs', 'epoch'), [(0, 0), (1, None), (1, 1)])
def test_prototypes_learn_from_the_start_where_nothing_is_frozen(
    epochs, epoch
):
    model = build_trunk('SwAV', freeze_prototypes_epochs=epochs)
    if epoch is not None:  # outside a Runner there is none
        set_epoch(epoch)
    model(*trunk_batch(), mode='loss')['loss_swav'].backward()
    assert model.prototypes.grad.abs().sum() > 0


def test_frozen_prototypes_change_neither_loss_nor_other_gradients():
    found = []
    for epochs in (0, 1):
        model = build_trunk('SwAV', freeze_prototypes_epochs=epochs)
        set_epoch(0)
        loss = model(*trunk_batch(), mode='loss')['loss_swav']
        loss.backward()
        grads = {k: p.grad for k, p in model.named_parameters()}
        del grads['prototypes']
        found.append(dict(loss=loss.detach(), **grads))
    torch.testing.assert_close(*found, rtol=0, atol=0)


def test_perplexity_counts_the_prototypes_in_use():
    nearest = torch.tensor([[0, 0, 1, 2], [2, 1, 0, 0]])
    scores = F.one_hot(nearest, 5).float()  # (2, 4, 5): shares 1/2, 1/4, 1/4
    expected = 2**1.5  # entropy of 1.5 bits
    assert prototype_perplexity(scores).item() == pytest.approx(expected)
    assert prototype_perplexity(torch.eye(5)).item() == pytest.approx(5)
    assert prototype_perplexity(scores[:, :2, :1]).item() == 1


def test_equal_clips_show_in_the_metrics():
    model = build_trunk('SwAV')
    inputs, samples = trunk_batch()
    out = model(inputs, samples, mode='loss')
    assert out['embedding_std'] > 0.1
    assert out['prototype_perplexity'] > 1.5
    same = inputs[:1, :1].expand_as(inputs)
    out = model(same, samples, mode='loss')
    assert out['embedding_std'].item() == pytest.approx(0, abs=1e-5)
    assert out['prototype_perplexity'].item() == pytest.approx(1)


def test_prediction_writes_the_embeddings_of_each_video():
    model = build_trunk('SwAV').eval()
    inputs, samples = trunk_batch(3, 2)
    with torch.no_grad():
        written = model(inputs, samples, mode='predict')
        one, _ = model.neck(model.backbone(inputs[2, 1][None]))
    assert [sample.embedding.shape for sample in written] == [(2, WIDTH)] * 3
    torch.testing.assert_close(written[2].embedding[1:], one)


def test_half_precision_embeddings_are_compared_in_float32():
    z, p = torch.randn(6, WIDTH), F.normalize(torch.randn(3, WIDTH), dim=1)
    half = z.bfloat16()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        scores = prototype_scores(half, p)
    assert torch.equal(scores, prototype_scores(half.float(), p))


def test_under_autocast_loss_and_gradients_are_finite_float32():
    model = build_trunk('SwAV')
    expected = model(*trunk_batch(), mode='loss')['loss_swav']
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = model(*trunk_batch(), mode='loss')['loss_swav']
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected.item(), rel=0.1)
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name


def test_one_clip_per_video_is_refused():
    with pytest.raises(ValueError, match='SwAV needs at least 2 clips per'):
        build_trunk('SwAV')(*trunk_batch(num_clips=1), mode='loss')


def test_one_video_is_refused():
    with pytest.raises(ValueError, match=r'got \(2, 1, 7\).*raise the batch'):
        build_trunk('SwAV')(*trunk_batch(1, 2), mode='loss')


def test_one_prototype_is_refused():
    with pytest.raises(ValueError, match=r'at least 2 .*num_prototypes=1'):
        build_trunk('SwAV', num_prototypes=1)


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match='temperature must be > 0, got 0'):
        build_trunk('SwAV', temperature=0)


def test_embeddings_of_another_length_are_refused():
    model = build_trunk('SwAV', in_channels=9)
    with pytest.raises(ValueError, match=r'in_channels=9\) got .*\(8, 5\);'):
        model(*trunk_batch(), mode='loss')

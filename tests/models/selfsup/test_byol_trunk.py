"""BYOL: who predicts whom, what moves, and what gets no gradient."""

import copy
from itertools import permutations

import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.optim import OptimWrapper
from torch import nn
from trunk_toys import (
    PREDICTOR,
    WIDTH,
    Pixels,
    TimedNeck,
    build_trunk,
    trunk_batch,
)

from vsslcodebase.models.losses import byol_loss


def other_target(model):
    """Move the target away from the online network, as training does."""
    inputs, samples = trunk_batch()
    with torch.no_grad():
        model(inputs, samples, mode='loss')  # the target starts
        for parameter in model.target.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def loss_and_grads(model, loss):
    model.zero_grad()
    loss.backward()
    return {
        name: parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


def one_pair_at_a_time(model, inputs):
    """The loss in words: clip by clip through networks without BatchNorm."""
    B, V = inputs.shape[:2]
    predictions, targets = {}, {}
    for b in range(B):
        for v in range(V):
            clip = inputs[b, v][None]
            z, _ = model.neck(model.backbone(clip))
            predictions[b, v] = model.predictor(z[..., None, None, None])[0]
            target = model.target.neck(model.target.backbone(clip))[0]
            targets[b, v] = target.detach()
    total = 0.0
    for query, other in permutations(range(V), 2):
        for b in range(B):
            cosine = F.cosine_similarity(
                predictions[b, query], targets[b, other]
            )
            total = total + (2 - 2 * cosine) / (B * (V - 1))
    return total.squeeze()


@pytest.mark.parametrize('sequential', [False, True])
@pytest.mark.parametrize('num_clips', [2, 3])
def test_loss_and_gradient_are_those_of_all_ordered_pairs(
    num_clips, sequential
):
    model = other_target(build_trunk('BYOL', norm=None, sequential=sequential))
    inputs, samples = trunk_batch(3, num_clips)
    loss = model(inputs, samples, mode='loss')['loss_byol']
    expected = one_pair_at_a_time(model, inputs)
    torch.testing.assert_close(loss, expected)
    grads = loss_and_grads(model, loss)
    by_pairs = loss_and_grads(model, expected)
    assert grads.keys() == by_pairs.keys()
    for name, grad in grads.items():
        torch.testing.assert_close(grad, by_pairs[name], msg=name)


def test_a_cosine_of_three_fifths_is_six_fifths_below_two():
    loss = byol_loss(torch.tensor([[3.0, 4]]), torch.tensor([[1.0, 0]]))
    assert loss.item() - 2 == pytest.approx(-1.2)  # -cos / T with T = 0.5


def test_gradient_reaches_the_online_network_and_not_the_target():
    model = build_trunk('BYOL')
    out = model(*trunk_batch(num_clips=3), mode='loss')
    model.parse_losses(out)[0].backward()
    for name, parameter in model.named_parameters():
        if name.startswith('target.'):
            assert not parameter.requires_grad, name
        else:
            assert parameter.grad.abs().sum() > 0, name


def test_sequential_norms_see_one_clip_of_each_video():
    inputs, samples = trunk_batch(4, 3)
    inputs[:, 1] += 5  # statistics of one clip differ from those of all
    together = build_trunk('BYOL')
    in_turn = build_trunk('BYOL', sequential=True)
    out = in_turn(inputs, samples, mode='loss')
    expected = 0.0
    for query, other in permutations(range(3), 2):
        z = together.neck(together.backbone(inputs[:, query]))[0]
        prediction = together.predictor(z[..., None, None, None])[0]
        target = together.neck(together.backbone(inputs[:, other]))[0]
        expected = expected + byol_loss(prediction, target) / 2
    torch.testing.assert_close(out['loss_byol'], expected)
    joint = together(inputs, samples, mode='loss')['loss_byol']
    assert abs(joint - expected) > 0.01


@pytest.mark.parametrize(
    ('sequential', 'rows'), [(False, [6]), (True, [2, 2, 2])]
)
def test_a_time_aware_neck_gets_each_clips_own_time(sequential, rows):
    model = build_trunk('BYOL', sequential=sequential)
    model.backbone, model.neck = Pixels(), TimedNeck()
    model.target.backbone = Pixels().requires_grad_(False)
    model.target.neck = TimedNeck().requires_grad_(False)
    times = torch.tensor([[3.0, 1, 4], [1.5, 9, 2]])
    samples = [ActionDataSample() for _ in times]
    for sample, own in zip(samples, times):
        sample.set_field(own, 'clip_time')
    inputs = times[:, :, None, None, None, None].expand(2, 3, 3, 2, 4, 4)
    out = model(inputs, samples, mode='loss')
    for neck in (model.neck, model.target.neck):
        assert [len(pixels) for pixels, _ in neck.seen] == rows
        for pixels, told in neck.seen:
            assert [pixels] == torch.tensor(told).T.tolist()
    assert out['loss_neck'].item() == pytest.approx(times.mean().item())


def test_the_target_moves_once_for_each_step_of_the_optimizer():
    model = build_trunk('BYOL', momentum=0.5, momentum_schedule='constant')
    wrapper = OptimWrapper(
        torch.optim.SGD(model.parameters(), lr=0.1), accumulative_counts=2
    )
    wrapper.initialize_count_status(model, 0, 6)
    inputs, samples = trunk_batch()
    data = dict(inputs=[*inputs], data_samples=samples)
    weight = model.neck.projection[0].weight
    expected = weight.detach().clone()
    followed = []
    for iteration in range(6):
        if iteration in (2, 4):  # steps came after iterations 1 and 3
            expected = 0.5 * expected + 0.5 * weight.detach()
        model.train_step(data, wrapper)
        copied = model.target.neck.projection[0].weight
        torch.testing.assert_close(copied, expected)
        followed.append(copied.clone())
    assert torch.equal(followed[0], followed[1])
    assert not torch.equal(followed[1], followed[2])
    assert torch.equal(followed[2], followed[3])


def test_metrics_are_the_spread_of_projections_and_the_momentum():
    model = build_trunk('BYOL', momentum=0.75)
    inputs, samples = trunk_batch()
    inputs[1:] = inputs[0, 0]
    inputs[0, 1] = inputs[0, 0]
    out = model(inputs, samples, mode='loss')
    assert out['momentum'].item() == 0.75
    assert out['embedding_std'].item() == pytest.approx(0, abs=1e-5)
    spread = model(*trunk_batch(), mode='loss')['embedding_std']
    assert spread > 0.1


def test_prediction_writes_the_projections_of_each_video():
    model = build_trunk('BYOL').eval()
    inputs, samples = trunk_batch(3, 2)
    with torch.no_grad():
        written = model(inputs, samples, mode='predict')
        one, _ = model.neck(model.backbone(inputs[2, 1][None]))
    assert [sample.embedding.shape for sample in written] == [(2, WIDTH)] * 3
    torch.testing.assert_close(written[2].embedding[1:], one)


def test_under_autocast_loss_and_gradients_are_finite_float32():
    model = build_trunk('BYOL')
    expected = copy.deepcopy(model)(*trunk_batch(), mode='loss')['loss_byol']
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = model(*trunk_batch(), mode='loss')['loss_byol']
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected.item(), rel=0.1)
    for name, grad in loss_and_grads(model, loss).items():
        assert grad.isfinite().all(), name


def test_default_predictor_is_that_of_the_paper():
    model = build_trunk('BYOL', predictor=None)
    shapes = {k: tuple(p.shape) for k, p in model.predictor.named_parameters()}
    assert shapes == {
        'projection.0.weight': (4096, 256),  # no bias before BatchNorm
        'projection.1.weight': (4096,),
        'projection.1.bias': (4096,),
        'projection.3.weight': (256, 4096),
        'projection.3.bias': (256,),
    }
    assert isinstance(model.predictor.projection[1], nn.SyncBatchNorm)


def test_one_clip_per_video_is_refused():
    with pytest.raises(ValueError, match='BYOL needs at least 2 clips per'):
        build_trunk('BYOL')(*trunk_batch(num_clips=1), mode='loss')


def test_a_predictor_of_another_length_is_refused():
    predictor = dict(PREDICTOR, in_channels=9, norm_cfg=dict(type='BN1d'))
    model = build_trunk('BYOL', predictor=predictor)
    with pytest.raises(ValueError, match=r'\(N, 9\), .* makes \(8, 5\); set'):
        model(*trunk_batch(), mode='loss')

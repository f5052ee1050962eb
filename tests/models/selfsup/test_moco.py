"""MoCo: loss and gradient, queue, groups of BatchNorm, times, steps."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapper
from trunk_toys import WIDTH, Pixels, TimedNeck, build_trunk, trunk_batch

from vsslcodebase.models.selfsup.batch_shuffle import clip_permutation
from vsslcodebase.models.selfsup.moco import other_clips

TEMPERATURE = 0.1


def fill_queue(model, count, seed=3):
    """Enqueue random keys of an earlier step."""
    generator = torch.Generator().manual_seed(seed)
    model.queue.enqueue(torch.randn(count, WIDTH, generator=generator))


def other_copies(model):
    """Move the copies away from the online network, as training does."""
    model.eval()(*trunk_batch(), mode='loss')  # the copies start
    with torch.no_grad():
        for parameter in model.momentum_encoder.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {
        name: parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


def one_query_at_a_time(model, inputs, multi_positive):
    """The loss in words, through networks that see one clip at a time."""
    B, V = inputs.shape[:2]
    copies = model.momentum_encoder
    negatives = model.queue.rows[: model.queue.filled]
    total = 0.0
    for query in range(V):
        for b in range(B):
            z, _ = model.neck(model.backbone(inputs[b, query][None]))
            q = F.normalize(z[0], dim=0)
            against = [(q @ n / TEMPERATURE).exp() for n in negatives]
            positives = []
            for other in range(V):
                if other != query:
                    clip = inputs[b, other][None]
                    k = copies.neck(copies.backbone(clip))[0][0].detach()
                    product = q @ F.normalize(k, dim=0)
                    positives.append((product / TEMPERATURE).exp())
            if multi_positive == 'sum':
                positives = [sum(positives)]
            for p in positives:
                share = p / (p + sum(against))
                total = total - share.log() / (len(positives) * B)
    return total


@pytest.mark.parametrize('multi_positive', ['mean', 'sum'])
@pytest.mark.parametrize('sequential', [False, True])
@pytest.mark.parametrize('num_clips', [2, 3, 4])
def test_loss_and_gradient_are_those_of_each_clip_as_query_in_turn(
    num_clips, sequential, multi_positive
):
    model = build_trunk(
        'MoCo', norm=None, sequential=sequential, multi_positive=multi_positive
    )
    other_copies(model)
    fill_queue(model, 7)
    inputs, samples = trunk_batch(3, num_clips)
    loss = model(inputs, samples, mode='loss')['loss_contrast']
    expected = one_query_at_a_time(model, inputs, multi_positive)
    torch.testing.assert_close(loss, expected)
    grads = gradients(model, loss)
    by_query = gradients(model, expected)
    assert grads.keys() == by_query.keys()
    for name, grad in grads.items():
        torch.testing.assert_close(
            grad, by_query[name], rtol=1e-4, atol=1e-5, msg=name
        )


def test_positives_of_a_clip_are_the_other_clips_of_its_video():
    rows = torch.arange(6.0)[:, None]
    assert other_clips(rows, 3)[:, :, 0].tolist() == [
        [1, 2],
        [0, 2],
        [0, 1],
        [4, 5],
        [3, 5],
        [3, 4],
    ]


def test_the_first_step_has_no_negatives_and_no_gradient_but_is_finite():
    model = build_trunk('MoCo')
    out = model(*trunk_batch(), mode='loss')
    assert out['loss_contrast'].item() == 0
    assert out['contrast_acc'].item() == 1
    for name, grad in gradients(model, out['loss_contrast']).items():
        assert torch.equal(grad, torch.zeros_like(grad)), name


def test_gradient_reaches_the_online_network_and_not_the_copies():
    model = build_trunk('MoCo')
    fill_queue(model, 9)
    out = model(*trunk_batch(num_clips=3), mode='loss')
    model.parse_losses(out)[0].backward()
    for name, parameter in model.named_parameters():
        if name.startswith('momentum_encoder.'):
            assert not parameter.requires_grad, name
        else:
            assert parameter.grad.abs().sum() > 0, name


def test_own_keys_are_enqueued_after_the_loss_and_only_in_training():
    model = build_trunk('MoCo')
    fill_queue(model, 9)
    inputs, samples = trunk_batch(4, 2)
    model.eval()(inputs, samples, mode='loss')
    assert model.queue.filled == 9
    before = model.queue.negatives()
    model.train()(inputs, samples, mode='loss')
    assert model.queue.filled == 17
    assert torch.equal(model.queue.rows[:9], before)
    keys = model.momentum_encoder(inputs.flatten(0, 1))
    torch.testing.assert_close(model.queue.rows[9:17], F.normalize(keys))


def test_metrics_are_those_of_queries_queue_and_schedule():
    model = build_trunk('MoCo', norm=None, momentum=0.9).eval()
    hub = MessageHub.get_current_instance()
    hub.update_info('iter', 5)
    hub.update_info('max_iters', 10)
    fill_queue(model, 4)
    fill_queue(model, 2, seed=4)
    inputs, samples = trunk_batch(3, 2)
    out = model(inputs, samples, mode='loss')
    z = F.normalize(model.neck(model.backbone(inputs.flatten(0, 1)))[0])
    assert out['momentum'].item() == pytest.approx(0.95)
    assert out['queue_age'].item() == pytest.approx((4 * 2 + 2 * 1) / 6)
    expected = z.std(0, unbiased=False).mean()
    torch.testing.assert_close(out['embedding_std'], expected)
    nearest = (z @ model.queue.negatives().T).amax(1)
    right = (z * z[[1, 0, 3, 2, 5, 4]]).sum(1) > nearest
    torch.testing.assert_close(out['contrast_acc'], right.float().mean())


@pytest.mark.parametrize(
    ('sequential', 'groups', 'videos'),
    [
        (False, 1, [[0, 1, 2, 3]]),
        (False, 2, [[0, 1], [2, 3]]),
        (True, 1, [[0, 1, 2, 3]]),
        (True, 2, [[0, 1], [2, 3]]),
    ],
)
def test_queries_are_normalised_in_their_groups(sequential, groups, videos):
    model = build_trunk('MoCo', sequential=sequential, bn_groups=groups)
    plain = build_trunk('MoCo')
    fill_queue(model, 9)
    inputs, samples = trunk_batch(4, 2)
    inputs[:, 1] += 3  # the statistics of one clip differ from those of all
    seen = []
    model.neck.register_forward_hook(lambda *call: seen.append(call[2][0]))
    model(inputs, samples, mode='loss')
    clips = [[0], [1]] if sequential else [[0, 1]]
    expected = [
        plain.neck(plain.backbone(inputs[group][:, turn].flatten(0, 1)))[0]
        for turn in clips
        for group in videos
    ]
    for output, alone in zip(seen, expected, strict=True):
        torch.testing.assert_close(output, alone, rtol=1e-4, atol=1e-5)


def test_keys_are_normalised_in_shuffled_groups_and_come_back():
    model = build_trunk('MoCo', bn_groups=2)
    plain = build_trunk('MoCo')
    fill_queue(model, 3)  # so that the step is 1
    inputs, samples = trunk_batch(4, 2)
    model(inputs, samples, mode='loss')
    order = clip_permutation(4, 2, step=1)
    clips = inputs.flatten(0, 1)
    keys = torch.zeros(8, WIDTH)
    for group in order.chunk(2):
        z, _ = plain.neck(plain.backbone(clips[group]))
        keys[group] = F.normalize(z)
    torch.testing.assert_close(
        model.queue.rows[3:11], keys, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize('sequential', [False, True])
def test_alone_and_in_one_group_nothing_is_shuffled(sequential):
    states = []
    for shuffle in (False, True):
        model = build_trunk('MoCo', shuffle_bn=shuffle, sequential=sequential)
        for seed in (1, 2):
            model(*trunk_batch(seed=seed), mode='loss')
        states.append(model.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


@pytest.mark.parametrize('groups', [1, 2])
@pytest.mark.parametrize('sequential', [False, True])
def test_times_go_with_their_clips(sequential, groups):
    model = build_trunk('MoCo', sequential=sequential, bn_groups=groups)
    model.backbone, model.neck = Pixels(), TimedNeck()
    copies = model.momentum_encoder
    copies.backbone = Pixels().requires_grad_(False)
    copies.neck = TimedNeck().requires_grad_(False)
    times = torch.tensor([[3.0, 1, 4], [1.5, 9, 2], [6, 5, 3.5], [8, 9.5, 7]])
    samples = [ActionDataSample() for _ in times]
    for sample, own in zip(samples, times):
        sample.set_field(own, 'clip_time')
    inputs = times[:, :, None, None, None, None].expand(4, 3, 3, 2, 4, 4)
    out = model(inputs, samples, mode='loss')
    for neck in (model.neck, copies.neck):
        assert len(neck.seen) == groups * (3 if sequential else 1)
        for pixels, told in neck.seen:
            assert [pixels] == torch.tensor(told).T.tolist()
    assert (model.neck.seen != copies.neck.seen) == (groups > 1)
    assert out['loss_neck'].item() == pytest.approx(times.mean().item())
    expected = copies.neck.linear(times.flatten()[:, None])
    torch.testing.assert_close(model.queue.negatives(), F.normalize(expected))


def test_the_copies_move_once_for_each_step_of_the_optimizer():
    model = build_trunk('MoCo', momentum=0.5, momentum_schedule='constant')
    fill_queue(model, 9)
    wrapper = OptimWrapper(
        torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1),
        accumulative_counts=2,
    )
    wrapper.initialize_count_status(model, 0, 6)
    inputs, samples = trunk_batch()
    data = dict(inputs=[*inputs], data_samples=samples)
    weight = model.neck.projection[0].weight
    copied = model.momentum_encoder.neck.projection[0].weight
    expected = weight.detach().clone()
    moved = []
    for iteration in range(6):
        before = copied.clone()
        if iteration in (2, 4):  # steps came after iterations 1 and 3
            expected = 0.5 * expected + 0.5 * weight.detach()
        model.train_step(data, wrapper)
        torch.testing.assert_close(copied, expected)
        moved.append(not torch.equal(copied, before))
    assert moved == [False, False, True, False, True, False]


def test_prediction_writes_the_online_embeddings_of_each_video():
    model = build_trunk('MoCo').eval()
    inputs, samples = trunk_batch(3, 2)
    with torch.no_grad():
        written = model(inputs, samples, mode='predict')
        one, _ = model.neck(model.backbone(inputs[2, 1][None]))
    assert [sample.embedding.shape for sample in written] == [(2, WIDTH)] * 3
    torch.testing.assert_close(written[2].embedding[1:], one)


def test_under_autocast_loss_gradients_and_queue_are_finite_float32():
    model = build_trunk('MoCo', bn_groups=2)
    fill_queue(model, 9)
    expected = copy.deepcopy(model)(*trunk_batch(), mode='loss')
    with torch.autocast('cpu', dtype=torch.bfloat16):
        out = model(*trunk_batch(), mode='loss')
    loss = out['loss_contrast']
    assert loss.dtype == model.queue.rows.dtype == torch.float32
    assert loss.item() == pytest.approx(
        expected['loss_contrast'].item(), rel=0.1
    )
    torch.testing.assert_close(
        model.queue.negatives().norm(dim=1), torch.ones(17)
    )
    for name, grad in gradients(model, loss).items():
        assert grad.isfinite().all(), name


def test_one_clip_per_video_is_refused_and_the_sampler_named():
    with pytest.raises(ValueError, match=r'MoCo needs .*\.1\.num_clips=2'):
        build_trunk('MoCo')(*trunk_batch(num_clips=1), mode='loss')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(queue_size=0), 'at least 1 key, got queue_size=0'),
        (dict(multi_positive='max'), r"\['mean', 'sum'\], got 'max'"),
        (dict(temperature=0), 'temperature must be > 0, got 0'),
        (dict(momentum=-1), r'momentum must be in \[0, 1\], got -1'),
        (dict(momentum_schedule='no'), "schedule must be .*, got 'no'"),
    ],
)
def test_impossible_settings_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build_trunk('MoCo', **options)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(queue_size=7), 'queue_size=7 is smaller than one batch of 8'),
        (dict(in_channels=9), r'in_channels=9.*\(8, 5\); set in_channels'),
        (dict(bn_groups=3), 'bn_groups=3 cannot divide a batch of 4 videos'),
    ],
)
def test_batches_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build_trunk('MoCo', **options)(*trunk_batch(), mode='loss')

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.registry import DefaultScope
from oracles.corp import (
    decoupled_relation,
    mixed_relation,
    pair_accuracy,
    pair_loss,
    perceptron,
)

from vsslcodebase.models import CORPMHead
from vsslcodebase.registry import MODELS

TASKS = {
    'contrast-and-order': 'both',
    'order': 'order',
    'contrast': 'contrast',
}


def make_samples(starts):
    """One data sample per row of ``starts`` (B, V)."""
    samples = [ActionDataSample() for _ in starts]
    for sample, row in zip(samples, starts):
        sample.set_field(torch.as_tensor(row), 'clip_start')
    return samples


def make_head(dtype=torch.float64, **options):
    torch.manual_seed(options.pop('seed', 0))
    head = CORPMHead(in_channels=5, hidden_channels=4, **options)
    return head.to(dtype)


STARTS = [[3, 0, 9], [2, 20, 4], [7, 1, 5]]


def embeddings(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(9, 5, generator=generator, dtype=torch.float64)


def oracle_logits(head, z):
    """Eq. 1, 2 and 8, one pair at a time."""
    z = z.detach().numpy()
    weights = {k: v.numpy() for k, v in head.state_dict().items()}
    layers = [
        (weights[f'mlp.{k}.weight'], weights[f'mlp.{k}.bias'])
        for k in range(0, len(head.mlp), 2)
    ]

    def relation(x, y):
        if 'relation.query' in weights:
            return mixed_relation(
                x, y, weights['relation.query'], weights['relation.key'], 5
            )
        names = ('symmetric', 'left', 'right')
        return decoupled_relation(
            x, y, *(weights[f'relation.{name}'] for name in names)
        )

    return np.array(
        [[perceptron(relation(x, y), layers) for y in z] for x in z]
    )


RELATIONS = [
    dict(type='DecouplingAttention', num_symmetric=3, num_antisymmetric=2),
    dict(type='MixedAttention', num_heads=5),
]


@pytest.mark.parametrize('task', TASKS)
@pytest.mark.parametrize('relation', RELATIONS, ids=lambda r: r['type'])
@pytest.mark.parametrize('num_layers', [1, 2])
def test_loss_and_metrics_equal_loops_over_the_paper(
    task, relation, num_layers
):
    head = make_head(task=task, relation=relation, num_layers=num_layers)
    z = embeddings()
    out = head.loss(z, make_samples(STARTS))
    logits = oracle_logits(head, z)
    videos, starts = np.arange(9) // 3, np.ravel(STARTS)
    expected = pair_loss(logits, videos, starts, TASKS[task])
    assert out.pop('loss_pair').item() == pytest.approx(expected, rel=1e-5)
    spread = np.std((z / z.norm(dim=1, keepdim=True)).numpy(), axis=0).mean()
    assert out.pop('embedding_std').item() == pytest.approx(spread, rel=1e-5)
    accuracy = pair_accuracy(logits, videos, starts, TASKS[task])
    assert {k: v.item() for k, v in out.items()} == pytest.approx(accuracy)


def test_names_of_metrics_do_not_enter_the_loss():
    out = make_head().loss(embeddings(), make_samples(STARTS))
    assert [name for name in out if 'loss' in name] == ['loss_pair']


def test_loss_keeps_under_permuted_videos_and_clips():
    head, z = make_head(), embeddings().unflatten(0, (3, 3))
    starts = torch.tensor(STARTS)
    before = head.loss(z.flatten(0, 1), make_samples(starts))['loss_pair']
    order = torch.tensor([2, 0, 1])
    clips = torch.tensor([[1, 0, 2], [2, 1, 0], [0, 2, 1]])
    z, starts = z[order], starts[order]
    z = torch.take_along_dim(z, clips[..., None], 1)
    starts = torch.take_along_dim(starts, clips, 1)
    after = head.loss(z.flatten(0, 1), make_samples(starts))['loss_pair']
    assert after.item() == pytest.approx(before.item(), rel=1e-6)


def test_reversed_time_swaps_the_classes_earlier_and_later():
    head, z = make_head(), embeddings()
    starts = torch.tensor(STARTS)
    reversed_time = head.loss(z, make_samples(-starts))['loss_pair']
    with torch.no_grad():
        for parameter in head.mlp[-1].parameters():
            parameter.copy_(parameter[[0, 2, 1]])
    swapped = head.loss(z, make_samples(starts))['loss_pair']
    assert reversed_time.item() == pytest.approx(swapped.item(), rel=1e-6)


def test_normalized_relation_ignores_the_length_of_embeddings():
    z = embeddings()
    head = make_head(normalize=True)
    torch.testing.assert_close(head(z), head(3 * z))
    assert not torch.allclose(make_head()(z), make_head()(3 * z))


@pytest.mark.parametrize('task', TASKS)
def test_every_parameter_and_embedding_gets_a_gradient(task):
    head, z = make_head(task=task), embeddings().requires_grad_()
    head.loss(z, make_samples(STARTS))['loss_pair'].backward()
    assert (z.grad.abs().sum(1) > 0).all()
    for name, parameter in head.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


def test_prediction_holds_each_videos_rows():
    head, z = make_head(torch.float32), embeddings().float()
    samples = head.predict(z, make_samples(STARTS))
    torch.testing.assert_close(
        torch.cat([sample.pair_logits for sample in samples]), head(z)
    )
    assert torch.equal(samples[1].embedding, z[3:6])
    assert samples[0].pair_task == 'contrast-and-order'
    assert samples[0].to_dict()['pair_task'] == 'contrast-and-order'


def test_clip_start_may_be_an_array_of_mmactions_pack():
    samples = make_samples(STARTS)
    arrays = [ActionDataSample() for _ in STARTS]
    for sample, row in zip(arrays, STARTS):
        sample.set_field(np.array(row), 'clip_start')
    head, z = make_head(), embeddings()
    assert torch.equal(
        head.loss(z, samples)['loss_pair'], head.loss(z, arrays)['loss_pair']
    )


def test_head_builds_its_relation_in_mmactions_scope():
    cfg = dict(
        type='vsslcodebase.CORPMHead', relation=dict(type='MixedAttention')
    )
    with DefaultScope.overwrite_default_scope('mmaction'):
        head = MODELS.build(cfg)
    assert type(head.relation).__name__ == 'MixedAttention'


def test_batch_without_clip_start_is_refused_with_a_way_out():
    samples = make_samples(STARTS)
    samples[1] = ActionDataSample(gt_label=torch.tensor([1]))
    with pytest.raises(ValueError, match=r"only \['gt_label'\]") as error:
        make_head().loss(embeddings(), samples)
    assert 'vsslcodebase.SampleSeparatedClips' in str(error.value)


def test_number_of_clip_starts_must_be_that_of_clips():
    with pytest.raises(ValueError, match=r'\[2\] entries per video, .* 3 c'):
        make_head().loss(embeddings(), make_samples([[0, 1]] * 3))


def test_feature_map_is_refused_naming_the_neck():
    with pytest.raises(ValueError, match='ProjectionNeck'):
        make_head().loss(torch.ones(9, 5, 1, 1, 1), make_samples(STARTS))


def test_single_clip_and_single_video_are_refused():
    with pytest.raises(ValueError, match='at least 2 clips per video'):
        make_head().loss(embeddings()[:3], make_samples([[0], [1], [2]]))
    with pytest.raises(ValueError, match='batch size of at least 2'):
        make_head().loss(embeddings()[:3], make_samples(STARTS[:1]))


def test_unknown_task_lists_the_tasks():
    with pytest.raises(ValueError, match='contrast-and-order'):
        CORPMHead(task='both')


def test_perceptron_needs_a_layer():
    with pytest.raises(ValueError, match='at least 1, got 0'):
        CORPMHead(num_layers=0)

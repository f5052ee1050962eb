import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.evaluator import Evaluator
from oracles.corp import pair_accuracy

from vsslcodebase.evaluation import PairRelationMetric
from vsslcodebase.models import ContrastiveHead, CORPFHead, CORPMHead


def make_samples(starts):
    samples = [ActionDataSample() for _ in starts]
    for sample, row in zip(samples, starts):
        sample.set_field(torch.as_tensor(row), 'clip_start')
    return samples


def evaluate(head, batches):
    """Run the metric as the Runner's loop does."""
    evaluator = Evaluator(PairRelationMetric())
    for z, starts in batches:
        with torch.no_grad():
            evaluator.process(head.predict(z, make_samples(starts)), {})
    found = evaluator.evaluate(size=sum(len(s) for _, s in batches))
    return {name.removeprefix('relation/'): v for name, v in found.items()}


def draw(sizes, num_clips, seed=0):
    """Batches of embeddings (b*K, 4) and clip starts (b, K)."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randn(b * num_clips, 4, generator=generator),
            torch.rand(b, num_clips, generator=generator).sort()[0].tolist(),
        )
        for b in sizes
    ]


@pytest.mark.parametrize(
    ('task', 'oracle'),
    [
        ('contrast-and-order', 'both'),
        ('order', 'order'),
        ('contrast', 'contrast'),
    ],
)
def test_accuracies_are_averaged_over_the_pairs_of_all_batches(task, oracle):
    torch.manual_seed(0)
    head = CORPMHead(in_channels=4, task=task)
    batches = draw([4, 2, 3], num_clips=3)
    found = evaluate(head, batches)
    sums, pairs, videos = {}, 0, 0
    for z, starts in batches:
        b = len(starts)
        accuracy = pair_accuracy(
            head(z).detach().numpy(),
            np.arange(3 * b) // 3,
            np.ravel(starts),
            oracle,
        )
        for name, value in accuracy.items():
            weight = b if name == 'order_acc' else b * (b - 1) / 2
            sums[name] = sums.get(name, 0) + weight * value
        pairs, videos = pairs + b * (b - 1) / 2, videos + b
    expected = {
        name: value / (videos if name == 'order_acc' else pairs)
        for name, value in sums.items()
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    rest = set(found) - set(expected)
    assert rest == {'contrast_acc', 'embedding_std'}


def test_last_batch_of_one_video_counts_for_order_only():
    torch.manual_seed(0)
    head = CORPMHead(in_channels=4)
    batches = draw([3, 1], num_clips=2)
    found, first = evaluate(head, batches), evaluate(head, batches[:1])
    assert found['pair_acc'] == first['pair_acc']
    assert found['contrast_acc'] == first['contrast_acc']
    logits = head(batches[1][0])[[0, 1], [1, 0], 1:]
    last = (logits.argmax(1) == torch.tensor([0, 1])).float().mean().item()
    expected = (3 * first['order_acc'] + last) / 4
    assert found['order_acc'] == pytest.approx(expected)


def test_order_of_corp_f_is_compared_with_the_starts():
    torch.manual_seed(0)
    head = CORPFHead(in_channels=4)
    (z, _), starts = draw([3], num_clips=2)[0], [[0, 5], [9, 2], [3, 3]]
    found = evaluate(head, [(z, starts)])
    says_later = head(z).argmax(1)[:4]  # the third video has no order
    right = (says_later == torch.tensor([0, 1, 1, 0])).float().mean()
    assert found['order_acc'] == pytest.approx(right.item())
    assert set(found) == {'order_acc', 'contrast_acc', 'embedding_std'}


def test_spread_is_that_of_all_clips_together():
    batches = draw([3, 2, 4], num_clips=2)
    found = evaluate(ContrastiveHead(), batches)
    z = torch.cat([z for z, _ in batches]).double().numpy()
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    assert found['embedding_std'] == pytest.approx(z.std(0).mean(), rel=1e-5)
    assert set(found) == {'contrast_acc', 'embedding_std'}


def test_collapse_shows_as_zero():
    batches = [(torch.ones(6, 4), [[0, 1]] * 3)]
    found = evaluate(ContrastiveHead(), batches)
    assert found['embedding_std'] == pytest.approx(0, abs=1e-6)

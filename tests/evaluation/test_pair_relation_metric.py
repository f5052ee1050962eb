import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.evaluator import Evaluator
from oracles.corp import pair_accuracy
from two_processes import run_two

from vsslcodebase.evaluation import PairRelationMetric
from vsslcodebase.models import ContrastiveHead, CORPFHead, CORPMHead


def make_samples(starts):
    samples = [ActionDataSample() for _ in starts]
    for sample, row in zip(samples, starts):
        sample.set_field(torch.as_tensor(row), 'clip_start')
    return samples


def evaluate(head, batches, size=None):
    """Run the metric as the Runner's loop does."""
    evaluator = Evaluator(PairRelationMetric())
    for z, starts in batches:
        with torch.no_grad():
            evaluator.process(head.predict(z, make_samples(starts)), {})
    found = evaluator.evaluate(size or sum(len(s) for _, s in batches))
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
    batches = draw([3, 1], num_clips=5)
    found, first = evaluate(head, batches), evaluate(head, batches[:1])
    assert found['pair_acc'] == first['pair_acc']
    assert found['contrast_acc'] == first['contrast_acc']
    says_later = head(batches[1][0])[..., 1:].argmax(-1)
    rows, cols = torch.triu_indices(5, 5, offset=1)
    right = says_later[cols, rows].sum() + (1 - says_later)[rows, cols].sum()
    expected = (3 * first['order_acc'] + right.item() / 20) / 4
    assert found['order_acc'] == pytest.approx(expected)


def test_contrast_of_each_clip_counts_alike():
    """Three videos of neighbouring clips, then two that are crossed."""
    near = torch.eye(4)[[0, 0, 1, 1, 2, 2]]
    crossed = torch.eye(4)[[0, 1, 0, 1]]
    batches = [(near, [[0, 1]] * 3), (crossed, [[0, 1]] * 2)]
    found = evaluate(ContrastiveHead(), batches)
    assert found['contrast_acc'] == pytest.approx(6 / 10)


def test_clips_that_start_together_have_no_say_in_the_order():
    """Each pair that has an order counts alike, whatever its batch."""
    torch.manual_seed(0)
    head = CORPMHead(in_channels=4)
    starts = [[[0, 1], [3, 3], [5, 5]], [[0, 0]], [[2, 9], [4, 6], [8, 7]]]
    batches = [(z, rows) for (z, _), rows in zip(draw([3, 1, 3], 2), starts)]
    right = asked = 0
    for z, rows in batches:
        says_later = head(z)[..., 1:].argmax(-1)
        for i, (first, second) in enumerate(rows):
            if first != second:
                asked += 2
                right += says_later[2 * i, 2 * i + 1] == (first > second)
                right += says_later[2 * i + 1, 2 * i] == (second > first)
    found = evaluate(head, batches)
    assert asked == 8
    assert found['order_acc'] == pytest.approx(right.item() / asked)


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


def join(batch):
    """Make one batch of several of one video."""
    return torch.cat([z for z, _ in batch]), [rows[0] for _, rows in batch]


def visit(rank, folder, videos):
    """Evaluate three of five videos, two in a batch and three in a batch."""
    torch.manual_seed(0)
    head = CORPMHead(in_channels=4)
    mine = [[videos[i] for i in row] for row in ([0, 2, 4], [1, 3, 0])][rank]
    pairs = [join(mine[:2]), join(mine[2:])]
    return [evaluate(head, batches, 5) for batches in (pairs, [join(mine)])]


def test_a_video_that_two_processes_have_counts_once(tmp_path):
    videos = draw([1] * 5, num_clips=3)
    results = run_two(visit, tmp_path, videos)
    assert results[0] == results[1]
    torch.manual_seed(0)
    head = CORPMHead(in_channels=4)
    first, third, second = join(videos[0::2]), videos[4:], join(videos[1:4:2])
    pairs = [join(videos[0:3:2]), *third, second]
    assert results[0][0] == pytest.approx(evaluate(head, pairs))
    expected = evaluate(head, [first, second])
    for found in (results[0][1], expected):
        del found['contrast_acc']  # of neighbours that were there twice
    assert results[0][1] == pytest.approx(expected)


def test_collapse_shows_as_zero():
    batches = [(torch.ones(6, 4), [[0, 1]] * 3)]
    found = evaluate(ContrastiveHead(), batches)
    assert found['embedding_std'] == pytest.approx(0, abs=1e-6)

"""CORP_m: losses and accuracies of all ordered clip pairs."""

import math

import numpy as np
import pytest
import torch
from oracles import corp as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models import losses

LOSSES = dict(
    both=losses.corp_m_loss,
    order=losses.corp_order_loss,
    contrast=losses.corp_contrast_loss,
)
ACCURACIES = dict(
    both=losses.corp_m_accuracy,
    order=losses.corp_order_accuracy,
    contrast=losses.corp_contrast_accuracy,
)
TASKS = list(LOSSES)
SIZES = [(2, 2), (2, 3), (3, 2), (5, 4)]


def random_clips(num_videos, num_clips, task='both', ties=False):
    """Logits, video ids and start frames in a shuffled order."""
    rng = np.random.default_rng(num_videos * 10 + num_clips)
    M = num_videos * num_clips
    ids = rng.permutation(
        np.repeat(rng.permutation(50)[:num_videos], num_clips)
    )
    starts = rng.permutation(M) * 3
    if ties:
        starts = starts // 9
    logits = rng.normal(size=(M, M, 3 if task == 'both' else 2)) * 2
    return logits, ids, starts


def tensors(*arrays):
    return [torch.from_numpy(np.asarray(array)) for array in arrays]


def test_equal_logits_cost_ln_3_with_two_videos_of_two_clips():
    ids, starts = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    loss = losses.corp_m_loss(torch.zeros(4, 4, 3), ids, starts)
    assert loss.item() == pytest.approx(math.log(3))


def test_logits_for_different_videos_cost_what_the_pair_counts_say():
    """8 cross pairs of ln(e+2) - 1 and 4 inside pairs of ln(e+2)."""
    ids, starts = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    logits = torch.tensor([1.0, 0.0, 0.0]).expand(4, 4, 3)
    loss = losses.corp_m_loss(logits, ids, starts)
    assert loss.item() == pytest.approx(0.884778, abs=1e-6)
    by_hand = (8 * (math.log(math.e + 2) - 1) + 4 * math.log(math.e + 2)) / 12
    assert loss.item() == pytest.approx(by_hand, abs=1e-6)


def test_loss_of_three_videos_of_two_clips():
    logits = torch.arange(108.0, dtype=torch.float64).sin().reshape(6, 6, 3)
    ids = torch.tensor([0, 0, 1, 1, 2, 2])
    starts = torch.tensor([0, 3, 5, 1, 2, 7])
    loss = losses.corp_m_loss(logits, ids, starts)
    assert loss.item() == pytest.approx(1.306497, abs=1e-6)
    # The paper's sum over the 12 clip pairs of a video pair
    assert 12 * loss.item() == pytest.approx(15.677964, abs=1e-5)


def test_classes_of_two_videos_of_three_clips_with_a_tie():
    targets = losses.corp_m_targets(
        torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([4, 1, 9, 2, 2, 6])
    )
    expected = [
        [-1, 2, 1, 0, 0, 0],
        [1, -1, 1, 0, 0, 0],
        [2, 2, -1, 0, 0, 0],
        [0, 0, 0, -1, -1, 1],
        [0, 0, 0, -1, -1, 1],
        [0, 0, 0, 2, 2, -1],
    ]
    assert targets.labels.tolist() == expected
    assert ((targets.weights == 0) == (targets.labels == -1)).all()


@pytest.mark.parametrize('ties', [False, True])
@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('task', TASKS)
def test_loss_is_the_mean_over_video_pairs(task, size, ties):
    logits, ids, starts = random_clips(*size, task, ties)
    loss = LOSSES[task](*tensors(logits, ids, starts))
    expected = oracle.pair_loss(logits, ids, starts, task)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('task', TASKS)
def test_gradient_is_that_of_the_loop(task):
    logits, ids, starts = random_clips(3, 2, task)
    leaf = torch.from_numpy(logits).float().requires_grad_()
    LOSSES[task](leaf, *tensors(ids, starts)).backward()
    expected = numeric_gradient(
        lambda x: oracle.pair_loss(x, ids, starts, task), logits
    )
    np.testing.assert_allclose(leaf.grad, expected, atol=1e-7)


@pytest.mark.parametrize('ties', [False, True])
@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('task', TASKS)
def test_accuracies_are_those_of_the_loop(task, size, ties):
    logits, ids, starts = random_clips(*size, task, ties)
    measured = ACCURACIES[task](*tensors(logits, ids, starts))
    expected = oracle.pair_accuracy(logits, ids, starts, task)
    assert measured.keys() == expected.keys()
    for name, value in expected.items():
        assert measured[name].item() == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize('task', TASKS)
def test_accuracies_are_one_for_right_logits_and_notice_a_single_fault(task):
    _, ids, starts = random_clips(4, 3)
    targets = getattr(
        losses, f'corp_{"m" if task == "both" else task}_targets'
    )(*tensors(ids, starts))
    num_classes = 3 if task == 'both' else 2
    labels = targets.labels.clamp(min=0)
    logits = torch.nn.functional.one_hot(labels, num_classes).float()
    right = ACCURACIES[task](logits, *tensors(ids, starts))
    assert all(value == 1 for value in right.values())

    i, j = [k for k in range(12) if ids[k] == ids[0]][:2]
    logits[i, j] = logits[i, j].roll(1)  # a fault inside one video
    faulty = ACCURACIES[task](logits, *tensors(ids, starts))
    assert faulty['pair_acc'] < 1
    assert faulty['total_acc'].item() == pytest.approx(3 / 6)


def test_a_network_that_ignores_order_scores_79_percent_of_pairs_at_4_clips():
    ids = torch.arange(3).repeat_interleave(4)
    starts = torch.arange(12)
    same = ids[:, None] == ids
    logits = torch.where(
        same[..., None], torch.tensor([0.0, 1, 0]), torch.tensor([1.0, 0, 0])
    )
    accuracy = losses.corp_m_accuracy(logits, ids, starts)
    assert accuracy['pair_acc'].item() == pytest.approx(44 / 56)
    assert accuracy['order_acc'].item() == pytest.approx(0.5)
    assert accuracy['total_acc'] == 0


@pytest.mark.parametrize('task', TASKS)
def test_loss_does_not_depend_on_the_order_of_clips_or_names_of_videos(task):
    logits, ids, starts = tensors(*random_clips(4, 3, task))
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    shuffled = LOSSES[task](
        logits[order][:, order], 100 - 7 * ids[order], starts[order] + 13
    )
    assert shuffled.item() == pytest.approx(
        LOSSES[task](logits, ids, starts).item(), rel=1e-6
    )


def test_reversed_time_swaps_the_two_order_classes():
    logits, ids, starts = tensors(*random_clips(3, 3))
    swapped = losses.corp_m_loss(logits[..., [0, 2, 1]], ids, -starts)
    assert swapped.item() == pytest.approx(
        losses.corp_m_loss(logits, ids, starts).item(), rel=1e-6
    )


@pytest.mark.parametrize('task', TASKS)
def test_pairs_that_are_not_asked_get_no_gradient(task):
    logits, ids, starts = random_clips(3, 3, task, ties=True)
    leaf = torch.from_numpy(logits).requires_grad_()
    LOSSES[task](leaf, *tensors(ids, starts)).backward()
    for i, j in np.ndindex(9, 9):
        asked = i != j and (
            oracle.classes(task, i, j, ids, starts) is not None
        )
        assert bool(leaf.grad[i, j].abs().sum() > 0) == asked, (i, j)


def test_order_task_needs_no_second_video():
    logits = torch.tensor([[[0.0, 0], [2, 0]], [[0, 0], [0, 0]]])
    args = (logits, torch.tensor([5, 5]), torch.tensor([10, 20]))
    loss = losses.corp_order_loss(*args)
    expected = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    assert losses.corp_order_accuracy(*args)['order_acc'] == 0.5


@pytest.mark.parametrize(
    ('ids', 'starts', 'message'),
    [
        ([0, 0, 0], [1, 2, 3], 'batch size of at least 2'),
        ([0, 1, 2], [1, 2, 3], 'at least 2 clips per video'),
        ([0, 0, 0, 1], [1, 2, 3, 4], r'videos with \[1, 3\] clips'),
        ([0, 0, 1, 1], [1, 2, 3], r'got \(4,\) and \(3,\)'),
        ([[0, 0], [1, 1]], [[1, 2], [3, 4]], r'one shape \(M,\)'),
        ([], [], 'at least 2 clips per video'),
    ],
)
def test_unusable_batches_are_refused(ids, starts, message):
    ids, starts = torch.tensor(ids), torch.tensor(starts)
    logits = torch.zeros(len(ids), len(ids), 3)
    with pytest.raises(ValueError, match=message):
        losses.corp_m_loss(logits, ids, starts)
    with pytest.raises(ValueError, match=message):
        losses.corp_m_accuracy(logits, ids, starts)


@pytest.mark.parametrize('task', TASKS)
def test_logits_of_the_wrong_shape_are_refused(task):
    _, ids, starts = tensors(*random_clips(2, 2))
    with pytest.raises(ValueError, match=r'got \(4, 4, 5\)'):
        LOSSES[task](torch.zeros(4, 4, 5), ids, starts)
    with pytest.raises(ValueError, match=r'for 4 clips, got \(3, 3, [23]\)'):
        ACCURACIES[task](
            torch.zeros(3, 3, 3 if task == 'both' else 2), ids, starts
        )

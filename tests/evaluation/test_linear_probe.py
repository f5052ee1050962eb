import math

import pytest
import torch
import torch.nn.functional as F

from vsslcodebase.evaluation import fit_linear_probe, inside_pair_accuracy
from vsslcodebase.evaluation.linear_probe import train_linear_probe


def clusters(seed=0, count=300):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    centres = torch.tensor([[2.0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]])
    noise = torch.randn(count, 4, generator=generator)
    return centres[labels] + noise, labels


def test_separated_classes_are_found_on_new_samples():
    probe = fit_linear_probe(*clusters(count=3000))
    features, labels = clusters(seed=1, count=3000)
    accuracy = (probe.scores(features).argmax(1) == labels).float().mean()
    # the nearest centre is the best rule there is, right on 0.86
    centres = torch.eye(4)[:3] * 2
    best = (torch.cdist(features, centres).argmin(1) == labels).float().mean()
    assert accuracy > best - 0.01


def test_one_dimension_of_two_classes_by_hand():
    # features -1, 1, standardised as they are. By symmetry the weights are
    # (-w, w) and w solves the derivative of log(1 + exp(-2w)) + l2 * w^2
    features = torch.tensor([[-1.0], [1.0]])
    probe = fit_linear_probe(features, torch.tensor([0, 1]), l2=0.1)
    w = probe.weight[1].item()
    assert probe.weight[0].item() == pytest.approx(-w)
    slope = -2 / (1 + math.exp(2 * w)) + 2 * 0.1 * w
    assert slope == pytest.approx(0, abs=1e-5)


def test_result_is_the_minimum_of_the_objective():
    features, labels = clusters()
    probe = fit_linear_probe(features, labels, l2=0.01)

    def objective(weight):
        x = (features.double() - probe.mean) / probe.std
        loss = F.cross_entropy(F.linear(x, weight, probe.bias), labels)
        return loss + 0.005 * weight.square().sum()

    weight = probe.weight.clone().requires_grad_()
    objective(weight).backward()
    assert weight.grad.abs().max() < 1e-5


def test_scale_and_shift_of_features_do_not_matter():
    features, labels = clusters()
    moved = features * torch.tensor([1.0, 1e3, 1e-3, 5.0]) + 7
    first = fit_linear_probe(features, labels).scores(features)
    second = fit_linear_probe(moved, labels).scores(moved)
    torch.testing.assert_close(first, second, rtol=1e-3, atol=1e-3)


def test_constant_feature_is_harmless():
    features, labels = clusters()
    features[:, 3] = 5.0
    probe = fit_linear_probe(features, labels)
    assert probe.scores(features).isfinite().all()
    assert probe.weight[:, 3].abs().max() == 0


def test_fit_is_the_same_every_time_and_works_without_gradients():
    features, labels = clusters()
    first = fit_linear_probe(features, labels)
    torch.manual_seed(123)
    with torch.no_grad():
        second = fit_linear_probe(features, labels)
    assert torch.equal(first.weight, second.weight)


def test_classes_without_sample_are_kept():
    features, labels = clusters()
    probe = fit_linear_probe(features, labels, num_classes=5)
    assert probe.scores(features).shape == (300, 5)


def test_missing_labels_are_refused():
    features, labels = clusters()
    labels[3] = -1
    with pytest.raises(ValueError, match=r'0\.\.2, got -1\.\.2'):
        fit_linear_probe(features, labels)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r'got \(3, 4\) and \(2,\)'):
        fit_linear_probe(torch.zeros(3, 4), torch.zeros(2))


def test_inside_pair_by_hand():
    scores = torch.tensor(
        [
            [0.4, 0.3, 9.0, 9.0],  # class 0 against 1: right
            [0.4, 0.3, 0.0, 0.0],  # class 1 against 0: wrong
            [9.0, 9.0, 0.2, 0.2],  # class 2 against 3: a tie, half
            [0.0, 0.0, 0.1, 0.2],  # class 3 against 2: right
        ]
    )
    labels = torch.arange(4)
    assert inside_pair_accuracy(scores, labels) == 2.5 / 4
    crossed = inside_pair_accuracy(scores, labels, [(0, 2), (3, 1)])
    # 0.4 < 9 wrong, 0.3 > 0 right, 0.2 < 9 wrong, 0.2 > 0 right
    assert crossed == 2 / 4


def test_inside_pair_is_half_when_twins_score_alike():
    torch.manual_seed(0)
    labels = torch.randint(0, 4, (50,)) * 2
    twins = torch.stack([labels, labels + 1], 1).flatten()
    scores = torch.randn(50, 8).repeat_interleave(2, dim=0)
    assert inside_pair_accuracy(scores, twins) == 0.5


def test_class_without_mirror_is_refused():
    with pytest.raises(ValueError, match=r'classes \[2\] are in none'):
        inside_pair_accuracy(torch.zeros(1, 3), torch.tensor([2]))


def test_sgd_ends_at_the_minimum_that_regression_finds():
    features, labels = clusters()
    best = fit_linear_probe(features, labels, l2=1e-9)
    probe = train_linear_probe(features, labels, batch_size=300, epochs=500)
    for found, wanted in (
        (probe.weight, best.weight),
        (probe.bias, best.bias),
    ):
        # what all classes have in common moves no score
        apart = (found - found.mean(0)) - (wanted - wanted.mean(0))
        assert apart.abs().max() < 1e-2


def test_sgd_is_repeatable_and_knows_no_unit():
    features, labels = clusters()
    first = train_linear_probe(features, labels, epochs=2, seed=3)
    again = train_linear_probe(features, labels, epochs=2, seed=3)
    other = train_linear_probe(features, labels, epochs=2, seed=4)
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
    scaled = train_linear_probe(
        1000 * features.double() + 5, labels, epochs=2, seed=3
    )
    assert torch.allclose(scaled.weight, first.weight)


def test_first_step_of_sgd_by_hand():
    # features -1, 1 and weights near 0: the gradient of class 1's weight is
    # the mean of (p - y) x, -1/2; the rate of the only step is lr itself
    features, labels = torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1])
    still = train_linear_probe(features, labels, epochs=1, lr=0, seed=0)
    moved = train_linear_probe(features, labels, epochs=1, lr=0.1, seed=0)
    step = moved.weight - still.weight
    assert step.flatten().tolist() == pytest.approx([-0.05, 0.05], abs=1e-3)

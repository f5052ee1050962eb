"""What chooses a probe, and what must not."""

import pytest
import torch

from vsslcodebase.evaluation.probe_grid import Combination, Recipe
from vsslcodebase.evaluation.probe_sweep import (
    Grid,
    border_of,
    choose_probe,
    describe_choice,
    score_choice,
)

GRID = Grid((0.001, 0.1), (0.0, 0.01, 0.1))
RECIPE = Recipe(epochs=6, batch_size=32)


def problem(num=120, seed=0):
    """Two layers, of which 'good' knows the class and 'noise' does not."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(num) % 4
    centres = torch.randn(4, 10, generator=torch.Generator().manual_seed(9))
    good = 2 * centres[labels] + torch.randn(num, 10, generator=generator)
    noise = torch.randn(num, 10, generator=generator)
    return dict(noise=noise, good=good), labels


def test_the_layer_that_knows_is_chosen():
    features, labels = problem()
    choice = choose_probe(features, labels, range(120), GRID, RECIPE)
    assert choice.layer == 'good'
    assert choice.combination.lr == 0.1
    assert choice.accuracy == choice.accuracies['good'].max()
    assert choice.accuracies['noise'].max() < 0.6 < choice.accuracy
    assert (choice.num_trained, choice.num_held_out) == (96, 24)
    test, truth = problem(80, seed=5)
    score = score_choice(features, labels, test, truth, choice, RECIPE)
    assert score > 0.8


def test_test_labels_do_not_choose():
    # the choice has no argument they could come by; what is scored after it
    # follows them, and the choice is what it was
    features, labels = problem()
    test, truth = problem(80, seed=5)
    choices, scores = [], []
    for order in (torch.arange(80), torch.randperm(80)):
        choice = choose_probe(features, labels, range(120), GRID, RECIPE)
        scores.append(
            score_choice(features, labels, test, truth[order], choice, RECIPE)
        )
        choices.append(choice.to_dict())
    assert choices[0] == choices[1]
    assert scores[1] < 0.5 < scores[0]


def test_labels_of_held_out_videos_do_not_train():
    features, labels = problem()
    one = choose_probe(features, labels, range(120), GRID, RECIPE)
    two = choose_probe(features, labels, range(120), GRID, RECIPE)
    assert one.to_dict() == two.to_dict()
    other = choose_probe(
        features, labels, range(120), GRID, RECIPE._replace(seed=1)
    )
    assert other.to_dict() != one.to_dict()


def test_near_duplicates_do_not_leak():
    # every film has its own direction and no class has one: telling videos
    # of a known film is easy, of a new film impossible
    torch.manual_seed(0)
    films = torch.arange(160) // 4
    labels = films % 4
    features = dict(last=torch.randn(40, 64)[films] * 3)
    grid = Grid((0.1,), (0.0,))
    leaks = choose_probe(features, labels, range(160), grid, RECIPE)
    honest = choose_probe(features, labels, films.tolist(), grid, RECIPE)
    assert leaks.accuracy > 0.9
    assert honest.accuracy < 0.6


def test_ties_go_to_the_lower_cross_entropy():
    features, labels = problem()
    easy = dict(last=features['good'] * 1 + 20 * torch.eye(4, 10)[labels])
    grid = Grid((0.01, 0.1), (0.0,))
    choice = choose_probe(easy, labels, range(120), grid, RECIPE)
    assert choice.accuracies['last'].tolist() == [[1.0], [1.0]]
    assert choice.combination.lr == 0.1


@pytest.mark.parametrize(
    ('chosen', 'advice'),
    [
        ((0.1, 0.01), 'learning rates above 0.1'),
        (
            (0.001, 0.1),
            'learning rates below 0.001 and weight decays above 0.1',
        ),
    ],
)
def test_a_choice_at_the_border_is_told(chosen, advice):
    assert border_of(GRID, Combination(*chosen)) == advice


def test_zero_decay_and_single_values_are_no_border():
    wide = Grid((0.1, 0.01, 1.0), (0.0, 0.1))
    assert border_of(wide, Combination(0.1, 0.0)) == ''
    assert border_of(Grid((0.1,), (0.3,)), Combination(0.1, 0.3)) == ''


def test_the_log_shows_the_grid():
    features, labels = problem()
    choice = choose_probe(features, labels, range(120), GRID, RECIPE)
    text = describe_choice(choice, GRID)
    assert '| good     | decay 0 | decay 0.01 | decay 0.1 |' in text
    best = f'{100 * choice.accuracy:.1f}'
    assert f'{best} % of 24 held-out training videos' in text
    assert 'try learning rates above 0.1' in text
    assert text.count('| lr 0.1 ') == 2


def test_an_empty_grid_is_an_error():
    features, labels = problem()
    with pytest.raises(ValueError, match='a weight decay at least'):
        choose_probe(features, labels, range(120), Grid((0.1,), ()))


@pytest.mark.parametrize(
    'grid',
    [
        Grid((0.1, 0.0), (0.0,)),
        Grid((float('nan'),), (0.0,)),
        Grid((0.1,), (0.0, -1e-3)),
    ],
)
def test_rates_that_cannot_be_are_refused(grid):
    with pytest.raises(ValueError, match='learning rates are above 0 and'):
        choose_probe(
            dict(one=torch.rand(4, 2)),
            torch.tensor([0, 1, 0, 1]),
            [*'abcd'],
            grid,
        )

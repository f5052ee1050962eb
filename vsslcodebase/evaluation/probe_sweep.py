"""A linear probe whose layer, rate and decay the training split chooses.

Three steps, of which only the last one sees test videos, once:

1. a part of the training split is held out, films whole (``holdout``);
2. classifiers of all layers, rates and decays are trained on the rest, those
   of a layer in one pass (``probe_grid``), and judged on the held-out part;
3. the best is trained again, on all of the training split, and tested.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .holdout import hold_out
from .probe_grid import Combination, Recipe, train_grid
from .score_spread import markdown_table

LEARNING_RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
WEIGHT_DECAYS = (0.0, 1e-3, 1e-2, 1e-1)
SHARE = 0.2


class Grid(NamedTuple):
    """Values to try; all combinations are."""

    learning_rates: tuple[float, ...] = LEARNING_RATES
    weight_decays: tuple[float, ...] = WEIGHT_DECAYS

    def combinations(self) -> list[Combination]:
        """Return all pairs, decay by decay within a rate."""
        return [
            Combination(lr, decay)
            for lr in self.learning_rates
            for decay in self.weight_decays
        ]


class Choice(NamedTuple):
    """What the held-out videos chose.

    Attributes:
        layer: Name of the features.
        combination: Rate and decay.
        accuracy: On the held-out videos, in [0, 1]; None if nothing chose.
        accuracies: The same of each layer's grid, (rates, decays).
        num_trained: Videos that the judged classifiers were trained on.
        num_held_out: Videos they were judged by.
        at_border: How to widen the grid, '' where the choice lies inside.
    """

    layer: str
    combination: Combination
    accuracy: float | None = None
    accuracies: Mapping[str, Tensor] = MappingProxyType({})
    num_trained: int = 0
    num_held_out: int = 0
    at_border: str = ''

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        grids = {name: g.tolist() for name, g in self.accuracies.items()}
        return dict(
            self._asdict(),
            combination=self.combination._asdict(),
            accuracies=grids,
        )


def choose_probe(
    features: Mapping[str, Tensor],
    labels: Tensor,
    groups: Sequence[Hashable],
    grid: Grid | None = None,
    recipe: Recipe | None = None,
    share: float = SHARE,
    device: str | torch.device = 'cpu',
) -> Choice:
    """Choose layer, rate and decay on a part of the training split.

    Of equally accurate combinations the one with the lower mean cross
    entropy is chosen.

    Args:
        features: (N, D) of the training split, by the name of the layer.
            They may be larger than memory; see ``train_grid`` for what is
            held there.
        labels: (N,) integers from 0.
        groups: N names that near-duplicates share, see ``video_groups``.
        grid: Rates and decays.
        recipe: How a classifier is trained; its seed draws the held-out
            part, too.
        share: To hold out, see ``hold_out``.
        device: Where to compute.

    Raises:
        ValueError: No layer, no combination or one that cannot be, or shapes
            that do not fit.
    """
    grid, recipe = grid or Grid(), recipe or Recipe()
    combinations = grid.combinations()
    _check_tried(features, grid)
    held = hold_out(labels, groups, share, recipe.seed)
    kept, judged = (~held).nonzero()[:, 0], held.nonzero()[:, 0]
    num_classes = int(labels.max()) + 1
    shape = (len(grid.learning_rates), len(grid.weight_decays))
    accuracies, ranked = {}, []
    for name, values in features.items():
        probes = train_grid(
            values, labels, combinations, num_classes, recipe, kept, device
        )
        accuracy, loss = probes.judge(values, labels, judged)
        accuracies[name] = accuracy.reshape(shape)
        ranked += [
            (right, -cost if cost == cost else -float('inf'), name, place)
            for place, (right, cost) in enumerate(
                zip(accuracy.tolist(), loss.tolist())
            )
        ]
    best = max(ranked, key=lambda entry: entry[:2])
    combination = combinations[best[3]]
    return Choice(
        best[2],
        combination,
        best[0],
        accuracies,
        len(kept),
        len(judged),
        border_of(grid, combination),
    )


def _check_tried(features: Mapping[str, Tensor], grid: Grid) -> None:
    """Raise ``ValueError`` where there is nothing to try, or nonsense."""
    combinations = grid.combinations()
    if not features or not combinations:
        raise ValueError(
            'a sweep needs a layer, a learning rate and a weight decay at '
            f'least, got layers {[*features]} and {grid}'
        )
    for lr, decay in combinations:
        if not (0 < lr < float('inf') and 0 <= decay < float('inf')):
            raise ValueError(
                'learning rates are above 0 and weight decays not below, got '
                f'{lr:g} and {decay:g}'
            )


def border_of(grid: Grid, chosen: Combination) -> str:
    """Say how to widen a grid whose border the choice lies at.

    A single value is not a border: it was given. A decay of 0 cannot be
    undercut.
    """
    advice = []
    for name, values, value in (
        ('learning rates', grid.learning_rates, chosen.lr),
        ('weight decays', grid.weight_decays, chosen.weight_decay),
    ):
        if len(values) < 2:
            continue
        if value == max(values):
            advice.append(f'{name} above {value:g}')
        elif value == min(values) and value > 0:
            advice.append(f'{name} below {value:g}')
    return ' and '.join(advice)


def score_choice(
    train: Mapping[str, Tensor],
    labels: Tensor,
    test: Mapping[str, Tensor],
    test_labels: Tensor,
    choice: Choice,
    recipe: Recipe | None = None,
    device: str | torch.device = 'cpu',
) -> float:
    """Train what was chosen on all of the training split, and test it.

    Args:
        train: As ``choose_probe`` had them.
        labels: Likewise.
        test: (Q, D) features of the test split by the name of the layer.
        test_labels: (Q,) integers. A class that the training split does not
            hold is a miss.
        choice: Of ``choose_probe``.
        recipe: As there.
        device: Where to compute.

    Returns:
        Top-1, in [0, 1].
    """
    probes = train_grid(
        train[choice.layer],
        labels,
        [choice.combination],
        max(int(labels.max()), int(test_labels.max())) + 1,
        recipe or Recipe(),
        device=device,
    )
    rows = torch.arange(len(test_labels))
    accuracy, _ = probes.judge(test[choice.layer], test_labels, rows)
    return accuracy.item()


def describe_choice(choice: Choice, grid: Grid | None = None) -> str:
    """Write all that was tried, what was chosen, and a warning if need be."""
    grid = grid or Grid()
    lines = []
    for name, accuracies in choice.accuracies.items():
        head = [name, *(f'decay {decay:g}' for decay in grid.weight_decays)]
        rows = [
            [f'lr {lr:g}', *(f'{100 * value:.1f}' for value in row)]
            for lr, row in zip(grid.learning_rates, accuracies.tolist())
        ]
        lines += [markdown_table([head, *rows]), '']
    chosen, accuracy = choice.combination, choice.accuracy or 0.0
    lines.append(
        f'chosen: {choice.layer}, learning rate {chosen.lr:g}, weight decay '
        f'{chosen.weight_decay:g}: {100 * accuracy:.1f} % of '
        f'{choice.num_held_out} held-out training videos, trained on '
        f'{choice.num_trained}'
    )
    if choice.at_border:
        lines.append(
            'warning: the choice lies at the border of the grid; try '
            f'{choice.at_border}'
        )
    return '\n'.join(lines)

"""Numbers of frozen features, as a protocol wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .features import VideoFeatures
from .holdout import hold_out, video_groups
from .knn import TEMPERATURE, knn_accuracy
from .labelled_sets import check_sets, items_of
from .probe_sweep import SHARE, Choice, Grid, choose_probe, score_choice
from .protocols import PRESETS, TASKS, Geometry, Protocol, protocols_of
from .retrieval import TOPK, retrieval_recall
from .retrieval_sets import centred
from .score_spread import Spread, markdown_table, spread

NEIGHBOURS = (1, 5, 10, 20, 50, 100, 200)
COLUMNS = (*(f'R@{k}' for k in TOPK), 'kNN', 'linear')
EXTRA = '*'


class ProtocolScores(NamedTuple):
    """What one protocol measured, shares in [0, 1].

    Attributes:
        scores: By the name of a column, a value for each seed.
        choices: What the held-out training videos chose: ``knn_k``, and the
            layers' combinations as JSON, a value for each seed.
    """

    scores: dict[str, list[float]]
    choices: dict[str, list[Any]]


def score_protocol(
    protocol: Protocol,
    train: VideoFeatures,
    test: VideoFeatures,
    tasks: Sequence[str] = TASKS,
    grid: Grid | None = None,
    device: str | torch.device = 'cpu',
) -> ProtocolScores:
    """Measure features of a reading as its protocol does.

    What does not belong to the protocol is measured, too, on its features as
    ``strict`` does: k of the kNN and rate and decay of the linear layer are
    chosen on a part of the training split. Retrieval knows no chance, and
    has one value.

    Memory: centring copies the features of both splits; for the linear layer
    see ``train_grid``.

    Args:
        protocol: The protocol.
        train: (N, D) features of its reading, of the training split.
        test: The same of the test split, all of its videos.
        tasks: What to measure.
        grid: Rates and decays of a linear layer that has to choose.
        device: Where to train it.

    Raises:
        ValueError: The splits share a video or no class, or a video has no
            label.
    """
    check_sets(train, test)
    sets = (train, test)
    if protocol.centred:
        sets = (centred(train), centred(test))
    compared = (*items_of(sets[0]), *items_of(sets[1]))
    found = ProtocolScores({}, {})
    groups = video_groups(train.filenames)
    if 'retrieval' in tasks:
        recall = retrieval_recall(*compared)
        found.scores.update({name: [r] for name, r in recall.items()})
    for seed in protocol.seeds:
        if 'knn' in tasks:
            k = choose_k(*compared[:2], groups, seed)
            right = knn_accuracy(*compared, [k])
            found.scores.setdefault('kNN', []).append(right[f'top1_k{k}'])
            found.choices.setdefault('knn_k', []).append(k)
        if 'linear' in tasks:
            score, how = _linear(
                protocol, train, test, groups, seed, grid, device
            )
            found.scores.setdefault('linear', []).append(score)
            found.choices.setdefault('linear', []).append(how)
    return found


def choose_k(
    features: Tensor, labels: Tensor, groups: Sequence[str], seed: int = 0
) -> int:
    """Return the number of neighbours that classifies held-out videos best.

    Args:
        features: (N, D) of the training split.
        labels: (N,) integers from 0.
        groups: N names that near-duplicates share.
        seed: Of the part that is held out.

    Returns:
        One of ``NEIGHBOURS``; of equally good ones the smallest.
    """
    held = hold_out(labels, groups, SHARE, seed)
    known = (features[~held], labels[~held])
    sizes = [k for k in NEIGHBOURS if k <= len(known[1])]
    right = knn_accuracy(
        *known, features[held], labels[held], sizes, TEMPERATURE
    )
    return max(sizes, key=lambda k: right[f'top1_k{k}'])


def _linear(
    protocol: Protocol,
    train: VideoFeatures,
    test: VideoFeatures,
    groups: Sequence[str],
    seed: int,
    grid: Grid | None,
    device: str | torch.device,
) -> tuple[float, dict[str, Any]]:
    """Return top-1 of a linear layer, and how it was trained."""
    recipe = protocol.recipe._replace(seed=seed)
    values = dict(features=train.features)
    if protocol.probe is not None:
        choice = Choice('features', protocol.probe)
    else:
        choice = choose_probe(
            values, train.labels, groups, grid, recipe, device=device
        )
    score = score_choice(
        values,
        train.labels,
        dict(features=test.features),
        test.labels,
        choice,
        recipe,
        device,
    )
    return score, choice.to_dict()


def scores_table(
    rows: Sequence[tuple[str, Protocol, dict[str, list[float]]]],
    columns: Sequence[str] = COLUMNS,
) -> str:
    """Write in Markdown a row for each network and protocol, in per cent.

    Args:
        rows: Name of the network, protocol, and values over seeds and
            splits by column.
        columns: Those to show.
    """
    lines = [['', 'protocol', *columns]]
    for name, protocol, scores in rows:
        cells = [
            _cell(protocol, column, spread(scores[column]))
            if scores.get(column)
            else '-'
            for column in columns
        ]
        lines.append([name, protocol.name, *cells])
    return markdown_table(lines)


def _cell(protocol: Protocol, column: str, over: Spread) -> str:
    """Return per cent, marked where the protocol knows no such number."""
    task = {'kNN': 'knn', 'linear': 'linear'}.get(column, 'retrieval')
    return over.text(100, 1) + EXTRA * (task not in protocol.tasks)


def warnings_of(
    protocols: Sequence[Protocol],
    runs: Sequence[Sequence[ProtocolScores]],
    clips: Geometry,
    shared: Sequence[str] = (),
) -> list[str]:
    """Say what a reader of the numbers has to know.

    Args:
        protocols: That were measured.
        runs: Of each network and split, the scores of all protocols.
        clips: What the networks saw.
        shared: What ``shared_groups`` found.
    """
    warnings = []
    if shared:
        warnings.append(
            f'{len(shared)} films or scenes have videos in both splits, as '
            f'{shared[0]}: their neighbours say little of the class. The '
            'official splits of UCF101 and HMDB51 share none'
        )
    others: dict[Geometry, list[str]] = {}
    for protocol in protocols:
        if protocol.geometry not in (None, clips):
            others.setdefault(protocol.geometry, []).append(protocol.name)
    warnings += [
        f'{", ".join(names)}: published with {geometry}, but these clips have '
        f'{clips}; the numbers are not those of the paper'
        for geometry, names in others.items()
    ]
    warnings += _replaced_layers(protocols)
    at_border = {
        protocol.name: how['at_border']
        for run in runs
        for protocol, found in zip(protocols, run)
        for how in found.choices.get('linear', [])
        if how['at_border']
    }
    if at_border:
        name, advice = next(iter(at_border.items()))
        warnings.append(
            f'{", ".join(at_border)}: linear layers were chosen at the border '
            f'of their grid; {name} wants {advice}, see '
            'tools/analysis/sweep_probe.py'
        )
    return warnings


def _replaced_layers(protocols: Sequence[Protocol]) -> list[str]:
    """Say which layers are not those of the preset."""
    presets = protocols_of(tuple(PRESETS))
    readings = {protocol.name: protocol.reading for protocol in presets}
    return [
        f'{protocol.name}: of the layer {protocol.reading.layer}, which the '
        'paper has not'
        for protocol in protocols
        if protocol.reading != readings.get(protocol.name, protocol.reading)
    ]


def shared_groups(train: VideoFeatures, test: VideoFeatures) -> list[str]:
    """Return films, scenes or the like of which both splits hold videos."""
    return sorted(
        {*video_groups(train.filenames)} & {*video_groups(test.filenames)}
    )

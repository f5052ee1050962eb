"""What the demonstration asks features: a linear probe a kind of label.

``probe_questions.py`` asks more, with controls.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from vsslcodebase.datasets.motion_mini.annotations import LABEL_KINDS

from .linear_probe import fit_linear_probe, inside_pair_accuracy
from .probe_videos import class_names


def probe_loaders(
    cfg: Config, data_dir: Path, num_train: int
) -> dict[str, dict[str, Any]]:
    """Return loaders of the config's test clips for both splits.

    Args:
        cfg: An evaluation config; its test loader gives the clips.
        data_dir: Folder of motion-mini.
        num_train: Training videos to fit on.
    """
    loaders = {}
    for split in ('train', 'test'):
        loader = cfg.test_dataloader.to_dict()
        loader['dataset']['ann_file'] = str(data_dir / f'{split}_motion.txt')
        loaders[split] = loader
    loaders['train']['dataset']['num_videos'] = num_train
    return loaders


def fit_probes(
    features: dict[str, Tensor], ids: dict[str, Tensor], data_dir: Path
) -> dict[str, Any]:
    """Fit and test a linear probe for each kind of label.

    Args:
        features: (N, D) of the videos of 'train' and of 'test'.
        ids: (N,) line of each video in its split's list files.
        data_dir: Folder of motion-mini, for the labels.

    Returns:
        ``accuracy``: of each kind on the test videos; ``chance``: the same
        of guessing; ``inside_pair``: the share of test videos preferred to
        their reversal; ``pairs``: the same of each pair of motions;
        ``num_train``, ``num_test``: videos.
    """
    result: dict[str, Any] = dict(
        accuracy={},
        chance={},
        num_train=len(ids['train']),
        num_test=len(ids['test']),
    )
    for kind in LABEL_KINDS:
        labels = {
            split: read_labels(data_dir / f'{split}_{kind}.txt')[rows]
            for split, rows in ids.items()
        }
        names = class_names(data_dir, kind)
        probe = fit_linear_probe(
            features['train'], labels['train'], num_classes=len(names)
        )
        scores, truth = probe.scores(features['test']), labels['test']
        right = (scores.argmax(1) == truth).double().mean()
        result['accuracy'][kind] = right.item()
        result['chance'][kind] = 1 / len(names)
        if kind == 'motion':
            result['inside_pair'] = inside_pair_accuracy(scores, truth).item()
            result['pairs'] = _of_each_pair(scores, truth, names)
    return result


def read_labels(path: Path) -> Tensor:
    """Return the labels of a list file, one per line, in order: (N,)."""
    lines = path.read_text().splitlines()
    return torch.tensor([int(line.rsplit(' ', 1)[1]) for line in lines])


def _of_each_pair(
    scores: Tensor, labels: Tensor, names: list[str]
) -> list[dict[str, Any]]:
    """Return name and inside-pair accuracy of every pair of motions."""
    pairs = []
    for first in range(0, len(names) - 1, 2):
        rows = labels // 2 == first // 2
        if not rows.any():
            continue
        pairs.append(
            dict(
                names=names[first : first + 2],
                accuracy=inside_pair_accuracy(
                    scores[rows], labels[rows]
                ).item(),
                num_videos=int(rows.sum()),
            )
        )
    return pairs

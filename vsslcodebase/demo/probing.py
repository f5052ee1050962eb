"""What a network knows: linear probes on its features, kept frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from torch import Tensor
from torch.utils.data import DataLoader

from vsslcodebase.compat import load_checkpoint
from vsslcodebase.evaluation import (
    extract_features,
    fit_linear_probe,
    inside_pair_accuracy,
)
from vsslcodebase.registry import MODELS

KINDS = ('motion', 'appearance', 'scene')
Report = Callable[[int, int, str], None]


def build_network(
    cfg: Config, checkpoint: Path | None, seed: int, device: str = 'cpu'
) -> Any:
    """Build a pre-training model in eval mode.

    Args:
        cfg: Its config.
        checkpoint: Weights of the whole model; None leaves it untrained.
        seed: Of the untrained weights.
        device: Where it is to run.
    """
    init_default_scope(cfg.default_scope)
    # init_weights would list every tensor on the terminal
    if not MMLogger.check_instance_created('demo'):
        MMLogger.get_instance('demo', log_level='ERROR')
    set_random_seed(seed)
    model = MODELS.build(cfg.model)
    if checkpoint is None:
        model.init_weights()
    else:
        model.load_state_dict(load_checkpoint(checkpoint)['state_dict'])
    return model.to(device).eval()


def probe_network(
    model: Any,
    loaders: dict[str, dict[str, Any]],
    data_dir: Path,
    report: Report,
) -> dict[str, Any]:
    """Fit and test a linear probe for each kind of label.

    Args:
        model: With ``backbone`` and ``data_preprocessor``.
        loaders: Configs of the data loaders of 'train' and 'test'.
        data_dir: Folder of motion-mini, for the labels.
        report: Called with (videos done, videos in all, what is done).

    Returns:
        ``accuracy``: of each kind on the test videos; ``chance``: the same
        of guessing; ``inside_pair``: the share of test videos preferred to
        their reversal; ``pairs``: the same of each pair of motions;
        ``num_train``, ``num_test``: videos.
    """
    built = {
        split: Runner.build_dataloader(loader)
        for split, loader in loaders.items()
    }
    total = sum(len(loader.dataset) for loader in built.values())
    report(0, total, 'reading features')
    done, features, ids = 0, {}, {}
    for split, loader in built.items():
        watched = cast(DataLoader, _Watched(loader, report, done, total))
        found = extract_features(model, watched, progress=False)
        features[split], ids[split] = found.features, found.video_ids
        done += len(loader.dataset)
    report(total, total, 'fitting the probes')
    result: dict[str, Any] = dict(
        accuracy={},
        chance={},
        num_train=len(ids['train']),
        num_test=len(ids['test']),
    )
    for kind in KINDS:
        labels = {
            split: read_labels(data_dir / f'{split}_{kind}.txt')[ids[split]]
            for split in built
        }
        names = (data_dir / f'classes_{kind}.txt').read_text().splitlines()
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


class _Watched:
    """A data loader that tells how far it is."""

    def __init__(
        self, loader: DataLoader, report: Report, done: int, total: int
    ) -> None:
        self.loader, self.report = loader, report
        self.done, self.total = done, total

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches; a report after each."""
        done = self.done
        for batch in self.loader:
            yield batch
            done += len(batch['data_samples'])
            self.report(done, self.total, 'reading features')

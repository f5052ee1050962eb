"""What frozen features know of motion-mini: a linear probe a kind of label."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor
from torch.utils.data import DataLoader

from vsslcodebase.datasets.motion_mini.annotations import LABEL_KINDS
from vsslcodebase.models.clip_fields import stack_clip_field

from .features import batch_features, evaluating
from .knn import knn_classify
from .layers import LayerReader
from .linear_probe import fit_linear_probe, inside_pair_accuracy
from .time_use import decode_times


class ClipFeatures(NamedTuple):
    """Features of V clips of each of N videos, and their times.

    Attributes:
        features: (N, V, D) float32.
        times: (N, V) start in seconds.
        video_ids: (N,) line of the video in its split's list files.
    """

    features: Tensor
    times: Tensor
    video_ids: Tensor


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


def probe_report(
    clips: dict[str, ClipFeatures],
    data_dir: Path,
    num_train: int,
    num_neighbours: int = 20,
    temperature: float = 0.07,
) -> dict[str, float]:
    """Ask features what they know of motion, appearance, scene and time.

    Args:
        clips: Of the videos of 'train' and of 'test'. A video's features
            are the mean of its clips', but where time is asked.
        data_dir: Folder of motion-mini, for the labels.
        num_train: The first so many training videos fit the linear probes;
            all of them are the gallery of the neighbours.
        num_neighbours: k of the kNN.
        temperature: Of its weights.

    Returns:
        ``inside pair``: motion told from its reversal; ``motion``,
        ``appearance``, ``scene``: accuracy of linear probes; ``scene kNN``:
        of the neighbours; all in [0, 1]. ``R2 t``: of the start time, read
        by ridge regression off test clips of videos not fitted to.
    """
    means = {split: part.features.mean(1) for split, part in clips.items()}
    ids = {split: part.video_ids for split, part in clips.items()}
    probes = fit_probes(
        dict(train=means['train'][:num_train], test=means['test']),
        dict(train=ids['train'][:num_train], test=ids['test']),
        data_dir,
    )
    scenes = {
        split: read_labels(data_dir / f'{split}_scene.txt')[rows]
        for split, rows in ids.items()
    }
    votes = knn_classify(
        means['train'],
        scenes['train'],
        means['test'],
        num_neighbours,
        temperature,
    )
    right = votes.argmax(1) == scenes['test']
    return {
        'inside pair': probes['inside_pair'],
        **probes['accuracy'],
        'scene kNN': right.double().mean().item(),
        'R2 t': decode_times(clips['test'].features, clips['test'].times),
    }


def read_clips(model: Any, loader: DataLoader) -> ClipFeatures:
    """Read pooled features clip by clip.

    Args:
        model: With ``backbone`` and ``data_preprocessor``.
        loader: Of videos whose frame rate is known.
    """
    reader = LayerReader(model.backbone)
    parts = []
    with evaluating(model):
        for batch in loader:
            videos = batch_features(model, batch, reader, average_clips=False)
            times = stack_clip_field(
                batch['data_samples'],
                'clip_time',
                torch.device('cpu'),
                num_clips=videos.features.shape[1],
                user='a report on time',
                advice='samplers write it where the frame rate is known',
            )
            parts.append((videos.features, times.float(), videos.video_ids))
    return ClipFeatures(*(torch.cat(values) for values in zip(*parts)))


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

"""Accuracy of every class (CORP, Table 7; LTN, Table 8), and their mean."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from vsslcodebase.registry import METRICS


@METRICS.register_module()
class PerClassAccMetric(BaseMetric):
    """Top-1 accuracy per class, as a table in the log and in a file.

    The last line of the log's table has top-1 and the mean of the classes.
    A class that has no video in the test list is left out of the mean, and
    the line names it. (``acc/mean1`` of MMAction2's ``AccMetric`` counts such
    a class as wrong as soon as it is predicted once; its ``acc/top1`` is
    the same as here, so both may be in one evaluator.)

    Args:
        class_names: The names, or a text file with one per line; default
            the class numbers.
        out_file: Where to write the table as csv (class, name, videos,
            correct, accuracy); default nowhere.
        collect_device: 'cpu' or 'gpu', for several processes.
        prefix: Put before the names.
    """

    default_prefix = 'per_class'

    def __init__(
        self,
        class_names: Sequence[str] | str | None = None,
        out_file: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if isinstance(class_names, str):
            class_names = Path(class_names).read_text().splitlines()
        self.class_names = class_names
        self.out_file = out_file

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Keep class and prediction of each video.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``pred_score`` (classes,), ``gt_label``.
        """
        for sample in data_samples:
            scores = sample['pred_score']
            if self.class_names and len(self.class_names) != len(scores):
                raise ValueError(
                    f'got {len(self.class_names)} class names, but the model '
                    f'has {len(scores)} classes'
                )
            predicted, label = int(scores.argmax()), int(sample['gt_label'])
            if not 0 <= label < len(scores):
                raise ValueError(
                    f'got a video of class {label}, but the model has '
                    f'{len(scores)} classes, counted from 0; is ann_file of '
                    'the data set the model was trained on, with labels?'
                )
            self.results.append((label, predicted, len(scores)))

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """Write the table; return the mean and the lowest of its classes.

        Args:
            results: (label, predicted, number of classes) of each video.

        Returns:
            ``mean_acc`` over the classes that have videos, and ``min_acc``.
        """
        labels, predicted, num_classes = torch.tensor(results).unbind(1)
        videos, correct = count_by_class(
            labels, predicted, int(num_classes[0])
        )
        accuracy = correct / videos  # nan where a class has no video
        self._report(videos, correct, accuracy)
        seen = accuracy[videos > 0]
        return dict(mean_acc=seen.mean().item(), min_acc=seen.min().item())

    def _report(
        self,
        videos: torch.Tensor,
        correct: torch.Tensor,
        accuracy: torch.Tensor,
    ) -> None:
        """Log the table and write it to ``out_file``."""
        names = self.class_names or [str(c) for c in range(len(videos))]
        rows = [
            (c, name, int(n), int(k), round(float(a), 4))
            for c, (name, n, k, a) in enumerate(
                zip(names, videos, correct, accuracy)
            )
        ]
        lines = [
            f'{a:7.2%} {k:5d}/{n:<5d} {name}'
            if n
            else f'      - no video    {name}'
            for _, name, n, k, a in rows
        ]
        lines.append(summarise(videos, correct, names))
        print_log('per-class accuracy\n' + '\n'.join(lines), logger='current')
        if self.out_file is not None:
            path = Path(self.out_file)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open('w', newline='') as file:
                writer = csv.writer(file)
                writer.writerow(
                    ('class', 'name', 'videos', 'correct', 'accuracy')
                )
                writer.writerows(rows)


def count_by_class(
    labels: torch.Tensor, predicted: torch.Tensor, num_classes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Count videos, and those that were recognised, of each class.

    Args:
        labels: (N,) class numbers from 0.
        predicted: (N,) class numbers.
        num_classes: How many there are.

    Returns:
        (num_classes,) integers, twice: all videos, the right ones.
    """
    return (
        labels.bincount(minlength=num_classes),
        labels[labels == predicted].bincount(minlength=num_classes),
    )


def summarise(
    videos: torch.Tensor, correct: torch.Tensor, names: Sequence[str]
) -> str:
    """Say top-1 and mean per-class accuracy in one line.

    Args:
        videos: (C,) videos of each class.
        correct: (C,) of these, the recognised ones.
        names: Of the C classes.
    """
    seen = videos > 0
    top1 = correct.sum().item() / videos.sum().item()
    mean = (correct[seen] / videos[seen]).mean().item()
    absent = [name for name, some in zip(names, seen.tolist()) if not some]
    without = (
        f' (without {", ".join(absent)}: no video in the list)'
        if absent
        else ''
    )
    return (
        f'top-1 {top1:.2%} of {int(videos.sum())} videos, mean per-class '
        f'{mean:.2%} of {int(seen.sum())} classes{without}'
    )

"""How well motion is learnt, on videos never trained on (HCML)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric

from vsslcodebase.registry import METRICS


@METRICS.register_module()
class MotionMetric(BaseMetric):
    """Average the losses and metrics of a ``MotionHierarchyHead``.

    Reads ``motion_scores``, a dict of numbers of the video's batch, and
    averages over videos. Accuracies depend on the size of the batch, from
    which the negatives are; compare those of one batch size, or with
    ``motion{level}_chance``.

    Args:
        collect_device: 'cpu' or 'gpu', for several processes.
        prefix: Put before the names.
    """

    default_prefix = 'motion'

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Keep the scores of each video.

        Args:
            data_batch: Not used.
            data_samples: Predicted samples as dicts.

        Raises:
            ValueError: There are no scores.
        """
        for sample in data_samples:
            if 'motion_scores' not in sample:
                raise ValueError(
                    "MotionMetric reads 'motion_scores', which come from "
                    'MotionPretrainer, got a sample with '
                    f'{sorted(sample)}'
                )
            self.results.append(sample['motion_scores'])

    def compute_metrics(
        self, results: list[dict[str, float]]
    ) -> dict[str, float]:
        """Average each number over the videos."""
        return {
            name: sum(scores[name] for scores in results) / len(results)
            for name in results[0]
        }

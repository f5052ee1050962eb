"""How often the pace of a clip is recognised in videos never trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from vsslcodebase.registry import METRICS


@METRICS.register_module()
class PaceMetric(BaseMetric):
    """Accuracy of Pace Prediction, over all clips of the data set.

    Reads ``pace_scores`` (V, num_paces), ``pace_label`` (V,) and, where there
    is one, ``clip_wraps`` (V,). Reports ``acc`` of all clips; ``acc_straight``
    of those that are known not to have jumped to the beginning of their
    video, since a jump is seen without understanding motion; and ``acc_0``,
    ``acc_1``, ... of the paces, in the sampler's order. What no clip belongs
    to is left out.

    Args:
        collect_device: 'cpu' or 'gpu', for several processes.
        prefix: Put before the names.
    """

    default_prefix = 'pace'

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Keep label, answer and straightness of each clip, by video.

        Args:
            data_batch: Not used.
            data_samples: Predicted samples as dicts.

        Raises:
            ValueError: There are no scores, or no labels to compare with.
        """
        for sample in data_samples:
            for key, source in (
                ('pace_scores', 'PaceHead with pace_weight > 0'),
                ('pace_label', 'SamplePaceClips'),
            ):
                if key not in sample:
                    raise ValueError(
                        f'PaceMetric reads {key!r}, which comes from {source},'
                        f' got a sample with {sorted(sample)}'
                    )
            labels = np.asarray(sample['pace_label'].cpu())
            answers = sample['pace_scores'].argmax(1).cpu().numpy()
            straight = np.zeros_like(labels)
            if 'clip_wraps' in sample:
                straight[:] = ~np.asarray(sample['clip_wraps'].cpu())
            self.results.append(np.stack([labels, answers, straight]))

    def compute_metrics(self, results: list[np.ndarray]) -> dict[str, float]:
        """Average over the clips of all videos, (3, V) each."""
        labels, answers, straight = np.concatenate(results, axis=1)
        right = labels == answers
        groups = dict(acc=np.ones_like(right), acc_straight=straight == 1)
        groups |= {f'acc_{pace}': labels == pace for pace in np.unique(labels)}
        return {
            name: float(right[chosen].mean())
            for name, chosen in groups.items()
            if chosen.any()
        }

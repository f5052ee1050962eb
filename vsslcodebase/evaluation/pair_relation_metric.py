"""How well relations hold on videos that were not trained on (CORP, Fig. 3).

Order accuracy in training may come from videos learnt by heart; only on
held-out videos does it say that time was understood.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.evaluator import BaseMetric
from torch import Tensor

from vsslcodebase.models.heads.diagnostics import contrast_accuracy
from vsslcodebase.models.losses import (
    corp_contrast_accuracy,
    corp_m_accuracy,
    corp_order_accuracy,
)
from vsslcodebase.registry import METRICS


@METRICS.register_module()
class PairRelationMetric(BaseMetric):
    """Accuracies of CORP_m, CORP_f and SimCLR within each batch.

    Reads what the heads' ``predict`` writes, and reports what it finds:

    - ``pair_acc`` and ``total_acc`` of ``pair_logits`` (CORP_m), averaged
      over the video pairs inside the batches, as in training;
    - ``order_acc`` of ``pair_logits`` or ``order_logits``, chance 0.5;
    - ``contrast_acc``: a clip's nearest neighbour in its batch is of its own
      video. Its chance depends on the batch size;
    - ``embedding_std`` over all clips: about 1/sqrt(d) is healthy, 0 is
      collapse.

    Args:
        collect_device: 'cpu' or 'gpu', for several processes.
        prefix: Put before the names.
    """

    default_prefix = 'relation'

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Keep the weighted accuracies and the moments of one batch.

        Args:
            data_batch: Not used.
            data_samples: B predicted samples as dicts.
        """
        embeddings = torch.cat([s['embedding'] for s in data_samples]).float()
        num_clips = len(data_samples[0]['embedding'])
        videos = torch.arange(len(embeddings)) // num_clips
        directions = F.normalize(embeddings, dim=1).double().cpu()
        record: dict[str, Any] = dict(
            count=len(directions),
            total=directions.sum(0),
            squares=directions.square().sum(0),
            accuracies=[],
        )
        if len(data_samples) > 1:
            found = contrast_accuracy(embeddings, videos.to(embeddings.device))
            record['accuracies'].append(
                ('contrast_acc', found.item(), len(embeddings))
            )
        if 'pair_logits' in data_samples[0]:
            record['accuracies'] += _pair_accuracies(data_samples, videos)
        elif 'order_logits' in data_samples[0]:
            record['accuracies'] += _order_accuracy(data_samples)
        self.results.append(record)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Average the accuracies by their weights; spread from moments."""
        sums: dict[str, float] = {}
        weights: dict[str, float] = {}
        for record in results:
            for name, value, weight in record['accuracies']:
                sums[name] = sums.get(name, 0.0) + value * weight
                weights[name] = weights.get(name, 0.0) + weight
        metrics = {name: sums[name] / weights[name] for name in sums}
        count = sum(record['count'] for record in results)
        mean = sum(record['total'] for record in results) / count
        power = sum(record['squares'] for record in results) / count
        variance = (power - mean.square()).clamp(min=0)
        metrics['embedding_std'] = variance.sqrt().mean().item()
        return metrics


def _pair_accuracies(
    samples: Sequence[dict[str, Any]], videos: Tensor
) -> list[tuple[str, float, float]]:
    """Return (name, value, weight) from the logits of all pairs."""
    logits = torch.cat([s['pair_logits'] for s in samples]).cpu()
    starts = torch.cat([torch.as_tensor(s['clip_start']) for s in samples])
    task, starts, b = samples[0]['pair_task'], starts.cpu(), len(samples)
    if b > 1:
        accuracy = {
            'contrast-and-order': corp_m_accuracy,
            'order': corp_order_accuracy,
            'contrast': corp_contrast_accuracy,
        }[task](logits, videos, starts)
    elif task == 'contrast':
        accuracy = {}
    else:  # a last batch of one video has an order, but no video pair
        accuracy = corp_order_accuracy(logits[..., -2:], videos, starts)
        accuracy = {'order_acc': accuracy['order_acc']}
    times = starts.view(b, -1)  # (b, K)
    # clips that start together have no order
    asked = (times[:, :, None] != times[:, None]).sum()
    weights = dict(order_acc=asked.item())
    return [
        (name, value.item(), weights.get(name, b * (b - 1) / 2))
        for name, value in accuracy.items()
        if not math.isnan(value)
    ]


def _order_accuracy(
    samples: Sequence[dict[str, Any]],
) -> list[tuple[str, float, float]]:
    """Return (name, value, weight) from each clip's order to its partner."""
    logits = torch.stack([s['order_logits'] for s in samples]).cpu()
    starts = torch.stack([torch.as_tensor(s['clip_start']) for s in samples])
    gap = (starts - starts.flip(1)).cpu()  # (B, 2), positive: is later
    asked = gap != 0
    right = (logits.argmax(-1) == (gap > 0).long()) & asked
    count = int(asked.sum())
    return [('order_acc', int(right.sum()) / count, count)] if count else []

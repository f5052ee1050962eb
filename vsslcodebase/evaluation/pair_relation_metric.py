"""How well relations hold on videos that were not trained on (CORP, Fig. 3).

Order accuracy in training may come from videos learnt by heart; only on
held-out videos does it say that time was understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.evaluator import BaseMetric
from torch import Tensor

from vsslcodebase.models.heads.diagnostics import contrast_hits
from vsslcodebase.models.losses import (
    corp_contrast_targets,
    corp_m_targets,
    corp_order_targets,
    video_pair_counts,
)
from vsslcodebase.registry import METRICS

# (right, asked for) of each video of a batch, (b, 2)
Counts = dict[str, Tensor]


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

    What is counted is kept by video, a pair of videos with the later one:
    videos that fill up the last batches of several processes come last, and
    are left out with all their pairs. Only among the neighbours of
    ``contrast_acc`` they remain.

    Args:
        collect_device: 'cpu' or 'gpu', for several processes.
        prefix: Put before the names.
    """

    default_prefix = 'relation'

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Keep the counts and the moments of the videos of one batch.

        Args:
            data_batch: Not used.
            data_samples: B predicted samples as dicts.
        """
        counts: Counts = {}
        if len(data_samples) > 1:
            counts |= _contrast_counts(data_samples)
        if 'pair_logits' in data_samples[0]:
            counts |= _pair_counts(data_samples)
        elif 'order_logits' in data_samples[0]:
            counts |= _order_counts(data_samples)
        for video, sample in enumerate(data_samples):
            embeddings = sample['embedding'].float()  # (V, d)
            clips = F.normalize(embeddings, dim=1).double().cpu().numpy()
            self.results.append(
                dict(
                    num_clips=len(clips),
                    moments=np.stack([clips.sum(0), (clips**2).sum(0)]),
                    counts={
                        name: count[video].numpy()
                        for name, count in counts.items()
                    },
                )
            )

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Divide what is right by what was asked for; spread from moments."""
        sums: dict[str, np.ndarray] = {}
        for record in results:
            for name, count in record['counts'].items():
                sums[name] = sums.get(name, 0) + count
        metrics = {
            name: float(right / asked)
            for name, (right, asked) in sums.items()
            if asked
        }
        num_clips = sum(record['num_clips'] for record in results)
        moments = sum(record['moments'] for record in results)
        mean, power = moments / num_clips
        variance = np.maximum(power - mean**2, 0)
        metrics['embedding_std'] = float(np.sqrt(variance).mean())
        return metrics


def _contrast_counts(samples: Sequence[dict[str, Any]]) -> Counts:
    """Count the clips whose nearest neighbour is of their own video."""
    embeddings = torch.stack([s['embedding'] for s in samples])  # (b, V, d)
    b, num_clips = embeddings.shape[:2]
    videos = torch.arange(b, device=embeddings.device)
    hits = contrast_hits(
        embeddings.flatten(0, 1), videos.repeat_interleave(num_clips)
    )
    right = hits.view(b, num_clips).sum(1).cpu()
    return dict(contrast_acc=_with_asked(right, num_clips))


def _pair_counts(samples: Sequence[dict[str, Any]]) -> Counts:
    """Count what the logits of all pairs say of each video and before it."""
    logits = torch.cat([s['pair_logits'] for s in samples]).cpu()
    starts = torch.stack([torch.as_tensor(s['clip_start']) for s in samples])
    (b, num_clips), starts = starts.shape, starts.cpu().flatten()
    videos = torch.arange(b).repeat_interleave(num_clips)
    task, counts = samples[0]['pair_task'], {}
    if b > 1:
        targets_of = {
            'contrast-and-order': corp_m_targets,
            'order': corp_order_targets,
            'contrast': corp_contrast_targets,
        }[task]
        wrong, asked = video_pair_counts(logits, targets_of(videos, starts))
        before = torch.ones(b, b).tril(-1)
        rights = dict(pair_acc=asked - wrong, total_acc=(wrong == 0).float())
        asked_for = dict(pair_acc=asked, total_acc=before)
        for name, right in rights.items():
            counts[name] = _with_asked(
                (right * before).sum(1), (asked_for[name] * before).sum(1)
            )
    if task != 'contrast':  # a video alone has an order, too
        targets = corp_order_targets(videos, starts)
        wrong, asked = (
            count.diagonal() / 4
            for count in video_pair_counts(logits[..., -2:], targets)
        )
        counts['order_acc'] = _with_asked(asked - wrong, asked)
    return counts


def _order_counts(samples: Sequence[dict[str, Any]]) -> Counts:
    """Count what each clip says of its order to its partner."""
    logits = torch.stack([s['order_logits'] for s in samples]).cpu()
    starts = torch.stack([torch.as_tensor(s['clip_start']) for s in samples])
    gap = (starts - starts.flip(1)).cpu()  # (B, 2), positive: is later
    asked = gap != 0
    right = (logits.argmax(-1) == (gap > 0).long()) & asked
    return dict(order_acc=_with_asked(right.sum(1), asked.sum(1)))


def _with_asked(right: Tensor, asked: Tensor | int) -> Tensor:
    """Return (b, 2) float64 of (b,) and what was asked for."""
    asked = torch.as_tensor(asked).expand_as(right)
    return torch.stack([right.double(), asked.double()], dim=1)

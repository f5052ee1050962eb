"""Is a clip played forwards or backwards? An example of a pretext task.

After Wei et al. (CVPR 2018), "Learning and Using the Arrow of Time".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslcodebase.datasets.transforms import ClipSampler
from vsslcodebase.registry import MODELS, TRANSFORMS


@TRANSFORMS.register_module()
class SampleReversibleClips(ClipSampler):
    """Random clips, each backwards with probability 1/2.

    A negative ``frame_interval`` says so to the head.
    """

    def sample_starts(self, total_frames: int) -> np.ndarray:
        """Return the (V,) first frames in time."""
        latest = max(total_frames - self.clip_len * self.frame_interval, 0)
        return np.random.randint(latest + 1, size=self.num_clips)

    def sample_intervals(self) -> np.ndarray:
        """Return the (V,) intervals, positive or negative."""
        return self.frame_interval * np.random.choice([-1, 1], self.num_clips)

    def frame_indices(
        self, starts: np.ndarray, intervals: np.ndarray, total_frames: int
    ) -> np.ndarray:
        """Return the (V, T) frames in the order in which they are shown."""
        shown = super().frame_indices(starts, abs(intervals), total_frames)
        backwards = intervals < 0
        shown[backwards] = shown[backwards, ::-1]
        return shown


@MODELS.register_module()
class ArrowOfTimeHead(BaseModule):
    """Classify each clip's embedding: 0 forwards, 1 backwards.

    Args:
        in_channels: Length of an embedding.
        init_cfg: Weight initialisation, mmengine's.
    """

    def __init__(
        self, in_channels: int = 128, init_cfg: dict[str, Any] | None = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.classifier = nn.Linear(in_channels, 2)

    def loss(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Cross entropy of (B*V, d) embeddings, and the accuracy."""
        intervals = torch.cat([s.frame_interval for s in data_samples])
        backwards = (intervals < 0).long().to(embeddings.device)  # (B*V,)
        logits = self.classifier(embeddings)
        return dict(
            loss_arrow=F.cross_entropy(logits, backwards),
            arrow_acc=(logits.argmax(1) == backwards).float().mean(),
        )

    def predict(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> Sequence[ActionDataSample]:
        """Write ``embedding`` (V, d), as ``PairRelationMetric`` reads it."""
        per_video = embeddings.chunk(len(data_samples))
        for sample, embedding in zip(data_samples, per_video):
            sample.set_field(embedding, 'embedding')
        return data_samples

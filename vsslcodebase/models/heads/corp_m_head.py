"""CORP_m: which video, and which is earlier, for all pairs (Section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import Tensor

from vsslcodebase.models import losses
from vsslcodebase.models.build import build_part
from vsslcodebase.models.layers import pairwise_logits
from vsslcodebase.models.layers.perceptron import make_perceptron
from vsslcodebase.registry import MODELS

from .clips import clip_starts, count_clips
from .diagnostics import embedding_spread

# task: (number of classes, loss, accuracies); the last two are Table 6a.
TASKS = {
    'contrast-and-order': (3, losses.corp_m_loss, losses.corp_m_accuracy),
    'order': (2, losses.corp_order_loss, losses.corp_order_accuracy),
    'contrast': (2, losses.corp_contrast_loss, losses.corp_contrast_accuracy),
}


@MODELS.register_module()
class CORPMHead(BaseModule):
    """Classify every ordered pair of clips of one process (CORP, Eq. 2).

    Args:
        in_channels: Length d of an embedding.
        relation: What r(z_i, z_j) is (CORP, Eq. 1 and 8): a module that
            takes two tensors, broadcasts, and has ``out_channels``. Default
            DecouplingAttention with 64 symmetric and 64 antisymmetric heads.
        hidden_channels: Width of the perceptron.
        num_layers: Layers of the perceptron, 1 or 2 (CORP, Table 6d).
        task: 'contrast-and-order' (3 classes: other video, earlier, later),
            'order' (earlier, later) or 'contrast' (other video, same video).
        normalize: Take the relation of l2-normalised embeddings. CORP does
            not state it; products of unit vectors start near 1/d and keep
            the order task at chance for long.
        init_cfg: Weight initialisation, mmengine's.
    """

    def __init__(
        self,
        in_channels: int = 128,
        relation: dict[str, Any] | None = None,
        hidden_channels: int = 128,
        num_layers: int = 2,
        task: str = 'contrast-and-order',
        normalize: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if task not in TASKS:
            raise ValueError(f'task must be one of {[*TASKS]}, got {task!r}')
        num_classes, self.pair_loss, self.pair_accuracy = TASKS[task]
        self.relation = build_part(
            relation or dict(type='DecouplingAttention'),
            in_channels=in_channels,
        )
        self.mlp = make_perceptron(
            self.relation.out_channels,
            hidden_channels,
            num_classes,
            num_layers,
        )
        self.task = task
        self.normalize = normalize

    def forward(self, embeddings: Tensor) -> Tensor:
        """Score all ordered pairs: (M, d) -> (M, M, classes)."""
        z = F.normalize(embeddings, dim=1) if self.normalize else embeddings
        return pairwise_logits(z, self.relation, self.mlp)

    def loss(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Classify the pairs of this process's clips.

        Args:
            embeddings: (B*V, d), video-major; B and V at least 2.
            data_samples: B samples with ``clip_start`` (V,).
            kwargs: What MMAction2's recognizers pass on; not used.

        Returns:
            ``loss_pair``; the metrics ``pair_acc`` and ``total_acc`` of
            CORP's Fig. 3, ``order_acc`` where order is asked, and
            ``embedding_std``.
        """
        num_clips = count_clips(embeddings, data_samples)
        device = embeddings.device
        starts = clip_starts(data_samples, num_clips, device).flatten()
        # A video that was drawn twice counts as two: K stays the same.
        videos = torch.arange(len(starts), device=device) // num_clips
        logits = self(embeddings)
        return dict(
            loss_pair=self.pair_loss(logits, videos, starts),
            **self.pair_accuracy(logits, videos, starts),
            embedding_std=embedding_spread(embeddings),
        )

    def predict(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> Sequence[ActionDataSample]:
        """Write ``embedding`` and ``pair_logits`` into each data sample.

        ``embedding`` is (V, d). ``pair_logits`` (V, B*V, classes) are the
        video's clips against all clips of the batch, for the classes of the
        metainfo ``pair_task``.
        """
        num_clips = count_clips(embeddings, data_samples)
        logits = self(embeddings).split(num_clips)
        own = embeddings.split(num_clips)
        for sample, embedding, rows in zip(data_samples, own, logits):
            sample.set_field(embedding, 'embedding')
            sample.set_field(rows, 'pair_logits')
            sample.set_metainfo(dict(pair_task=self.task))
        return data_samples

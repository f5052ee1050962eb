"""CORP_f: contrast over the batch, order within a video (Section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import Tensor

from vsslcodebase.models.build import build_part
from vsslcodebase.models.layers.perceptron import make_perceptron
from vsslcodebase.models.losses import corp_f_loss
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.dist import gather_with_grad
from vsslcodebase.utils.precision import float32_math

from .clips import clip_starts
from .contrastive_head import check_two_clips
from .diagnostics import contrast_accuracy, embedding_spread


@MODELS.register_module()
class CORPFHead(BaseModule):
    """(4B-2)-way classification of two clips per video (CORP, Eq. 6).

    Args:
        in_channels: Length d of an embedding.
        relation: What r(z_i, z_j) is; see ``CORPMHead``.
        hidden_channels: Width of the perceptron.
        num_layers: Layers of the perceptron, 1 or 2 (CORP, Table 6d).
        temperature: Divides the cosine similarities (CORP, Eq. 5).
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
        temperature: float = 0.1,
        normalize: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.relation = build_part(
            relation or dict(type='DecouplingAttention'),
            in_channels=in_channels,
        )
        self.mlp = make_perceptron(
            self.relation.out_channels, hidden_channels, 2, num_layers
        )
        self.temperature = temperature
        self.normalize = normalize

    @float32_math
    def forward(self, embeddings: Tensor) -> Tensor:
        """Score the order of each clip and its partner (CORP, Eq. 4).

        Args:
            embeddings: (2B, d), rows 2i and 2i+1 are the clips of video i.

        Returns:
            (2B, 2) logits: the row's clip is earlier, is later.
        """
        z = F.normalize(embeddings, dim=1) if self.normalize else embeddings
        partner = z.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)
        return self.mlp(self.relation(z, partner))

    def loss(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Contrast and order the batch of all processes.

        Args:
            embeddings: (2B, d), row 2i the earlier clip of video i.
            data_samples: B samples with ``clip_start`` (2,), sorted.
            kwargs: What MMAction2's recognizers pass on; not used.

        Returns:
            ``loss_contrast`` and ``loss_order``, and the metrics
            ``contrast_acc``, ``order_acc`` and ``embedding_std``.
        """
        check_two_clips(embeddings, data_samples)
        starts = clip_starts(data_samples, 2, embeddings.device)
        if (starts[:, 0] > starts[:, 1]).any():
            raise ValueError(
                'CORP_f takes the earlier clip of each video first, got '
                f'clip_start {starts.tolist()}; set sort_by_time=True in '
                'SampleSeparatedClips'
            )
        # Clips that start together have no order: equal logits teach none.
        tied = (starts[:, 0] == starts[:, 1]).repeat_interleave(2)
        logits = self(embeddings).masked_fill(tied[:, None], 0.0)
        z, logits = gather_with_grad(embeddings), gather_with_grad(logits)
        contrast, order = corp_f_loss(z, logits, self.temperature)
        rows = torch.arange(len(z), device=z.device)
        return dict(
            loss_contrast=contrast,
            loss_order=order,
            contrast_acc=contrast_accuracy(z, rows // 2),
            order_acc=(logits.argmax(1) == rows % 2).float().mean(),
            embedding_std=embedding_spread(z),
        )

    def predict(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> Sequence[ActionDataSample]:
        """Write ``embedding`` (2, d) and ``order_logits`` (2, 2)."""
        check_two_clips(embeddings, data_samples)
        logits = self(embeddings)
        for i, sample in enumerate(data_samples):
            rows = slice(2 * i, 2 * i + 2)
            sample.set_field(embeddings[rows], 'embedding')
            sample.set_field(logits[rows], 'order_logits')
        return data_samples

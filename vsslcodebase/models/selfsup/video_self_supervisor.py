"""The trunk of every method whose loss is a function of embeddings."""

from __future__ import annotations

from typing import Any

from mmengine.model import merge_dict
from torch import Tensor

from vsslcodebase.models.build import build_part
from vsslcodebase.registry import MODELS

from .clip_trunk import ClipTrunk


@MODELS.register_module()
class VideoSelfSupervisor(ClipTrunk):
    """Backbone, neck and head for V clips of each video.

    CORP_m, CORP_f, SimCLR (CVRL) and Pace are this class and a head.

    Args:
        backbone: (B*V, C, T, H, W) -> (B*V, D, t, h, w).
        neck: ``neck(feats, data_samples) -> (embeddings, losses)``.
        head: ``head.loss(embeddings, data_samples) -> dict`` and
            ``head.predict(embeddings, data_samples) -> data_samples``.
        data_preprocessor: Default ``ClipDataPreprocessor`` with the
            colour statistics of ImageNet.
        init_cfg: Weight initialisation, mmengine's.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        neck: dict[str, Any],
        head: dict[str, Any],
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(backbone, neck, data_preprocessor, init_cfg)
        self.head = build_part(head)

    def loss(self, inputs: Tensor, data_samples: Any) -> dict[str, Tensor]:
        """Return what the head makes of the embeddings, and neck losses."""
        feats = self.extract_feat(inputs)
        embeddings, neck_losses = self.neck(feats, data_samples)
        return merge_dict(
            self.head.loss(embeddings, data_samples), neck_losses
        )

    def predict(self, inputs: Tensor, data_samples: Any) -> Any:
        """Return the data samples with the head's predictions."""
        embeddings, _ = self.neck(self.extract_feat(inputs), data_samples)
        return self.head.predict(embeddings, data_samples)

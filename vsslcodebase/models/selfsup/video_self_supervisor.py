"""The trunk of every method whose loss is a function of embeddings."""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModel, merge_dict
from torch import Tensor

from vsslcodebase.models.build import build_part
from vsslcodebase.registry import MODELS


@MODELS.register_module()
class VideoSelfSupervisor(BaseModel):
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
        preprocessor = data_preprocessor or dict(type='ClipDataPreprocessor')
        super().__init__(build_part(preprocessor), init_cfg)
        self.backbone = build_part(backbone)
        self.neck = build_part(neck)
        self.head = build_part(head)

    def forward(
        self,
        inputs: Tensor,
        data_samples: list | None = None,
        mode: str = 'tensor',
    ) -> Any:
        """Run one batch.

        Args:
            inputs: (B, V, C, T, H, W) float, V clips per video.
            data_samples: B ``ActionDataSample``, needed by 'loss' and
                'predict'.
            mode: 'tensor' gives the backbone's map (B*V, D, t, h, w),
                video-major; 'loss' a dict of losses and metrics; 'predict'
                the data samples with the head's predictions.
        """
        feats = self.extract_feat(inputs)
        if mode == 'tensor':
            return feats
        if mode not in ('loss', 'predict'):
            raise ValueError(
                f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}"
            )
        embeddings, neck_losses = self.neck(feats, data_samples)
        if mode == 'predict':
            return self.head.predict(embeddings, data_samples)
        return merge_dict(
            self.head.loss(embeddings, data_samples), neck_losses
        )

    def extract_feat(self, inputs: Tensor) -> Tensor:
        """Run the backbone: (B, V, C, T, H, W) -> (B*V, D, t, h, w)."""
        if inputs.ndim != 6:
            raise ValueError(
                'inputs must be (B, V, C, T, H, W), got shape '
                f'{tuple(inputs.shape)}; a batch of single clips has V=1'
            )
        return self.backbone(inputs.flatten(0, 1))

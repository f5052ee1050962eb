"""A backbone alone, for metrics and tools that read features."""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModel
from torch import Tensor

from vsslcodebase.models.build import build_part
from vsslcodebase.registry import MODELS


@MODELS.register_module()
class FeatureTrunk(BaseModel):
    """The model of a config that only compares features.

    It predicts nothing, as ``VideoRetrievalMetric`` reads the layers that it
    wants by itself. Of a checkpoint it takes the backbone and leaves the
    heads, so that ``tools/test.py CONFIG CHECKPOINT`` works with the
    checkpoint of any method.

    Args:
        backbone: (N, C, T, H, W) -> (N, D, t, h, w).
        data_preprocessor: Default ``ClipDataPreprocessor`` with the
            colour statistics of ImageNet.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        data_preprocessor: dict[str, Any] | None = None,
    ) -> None:
        preprocessor = data_preprocessor or dict(type='ClipDataPreprocessor')
        super().__init__(build_part(preprocessor))
        self.backbone = build_part(backbone)

    def forward(
        self,
        inputs: Tensor,
        data_samples: list | None = None,
        mode: str = 'tensor',
    ) -> Any:
        """Run one batch.

        Args:
            inputs: (B, V, C, T, H, W) float, V clips per video.
            data_samples: B ``ActionDataSample``.
            mode: 'tensor' gives the backbone's map (B*V, D, t, h, w),
                'predict' the data samples as they came.

        Raises:
            ValueError: For 'loss': there is nothing to train.
        """
        if mode == 'tensor':
            return self.backbone(inputs.flatten(0, 1))
        if mode == 'predict':
            return data_samples
        raise ValueError(
            f'FeatureTrunk only reads features, got mode {mode!r}; to train, '
            'give a model with a head'
        )

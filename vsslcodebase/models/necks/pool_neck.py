"""Global average pooling, where the features themselves are the embeddings."""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslcodebase.registry import MODELS


@MODELS.register_module()
class PoolNeck(BaseModule):
    """Average a feature map over time and space; no weights.

    Args:
        dropout_ratio: Share of the averages that is dropped in training.
        init_cfg: Weight initialisation, mmengine's.
    """

    def __init__(
        self,
        dropout_ratio: float = 0.0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.dropout = nn.Dropout(dropout_ratio)

    def forward(
        self, feats: Tensor, data_samples: list | None = None
    ) -> tuple[Tensor, dict]:
        """Return the (N, D) means of (N, D, t, h, w), and no losses."""
        if feats.ndim != 5:
            raise ValueError(
                'PoolNeck pools a feature map (N, D, t, h, w), got shape '
                f'{tuple(feats.shape)}'
            )
        return self.dropout(feats.mean((2, 3, 4))), {}

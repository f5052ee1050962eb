"""Linear classifier on standardised features (CORP, Section 4.1)."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmaction.models.heads import BaseHead
from mmengine.model.weight_init import normal_init
from torch import Tensor, nn

from vsslcodebase.registry import MODELS
from vsslcodebase.utils.precision import float32_math

FEATURE_NORMS = ('bn', 'layer', 'l2', 'none')


@MODELS.register_module()
class LinearClsHead(BaseHead):
    """Pool, standardise, classify; for MMAction2's ``Recognizer3D``.

    Args:
        num_classes: Number of classes.
        in_channels: Channels D of the feature map.
        pool_size: Average over time and to ``pool_size`` x ``pool_size``
            cells in space; the classifier sees D * pool_size^2 features.
        feature_norm: 'bn': each feature is standardised by its mean and
            deviation over the training set, as BatchNorm without parameters
            tracks them (the z-score of CORP); 'layer': each clip by its own;
            'l2': each clip to unit length (CVRL); 'none'.
        dropout_ratio: Before the classifier. CORP's linear evaluation: 0.
        average_clips: How views are averaged in tests: 'prob' (softmax),
            'score' or None.
        kwargs: Arguments of MMAction2's ``BaseHead``.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        pool_size: int = 1,
        feature_norm: str = 'bn',
        dropout_ratio: float = 0.0,
        average_clips: str | None = 'prob',
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_classes, in_channels, average_clips=average_clips, **kwargs
        )
        if feature_norm not in FEATURE_NORMS:
            raise ValueError(
                f'feature_norm must be one of {FEATURE_NORMS}, '
                f'got {feature_norm!r}'
            )
        width = in_channels * pool_size**2
        self.pool = nn.AdaptiveAvgPool3d((1, pool_size, pool_size))
        self.norm: nn.Module = nn.Identity()
        if feature_norm == 'bn':
            self.norm = nn.BatchNorm1d(width, affine=False)
        elif feature_norm == 'layer':
            self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.feature_norm = feature_norm
        self.dropout = nn.Dropout(dropout_ratio)
        self.fc_cls = nn.Linear(width, num_classes)

    def init_weights(self) -> None:
        """Classifier weights from N(0, 0.01), as in MMAction2's heads."""
        normal_init(self.fc_cls, std=0.01)

    @float32_math
    def forward(self, feats: Tensor, **kwargs: Any) -> Tensor:
        """Score feature maps (N, D, t, h, w) -> (N, num_classes).

        In float32 under autocast, too: MMAction2 takes the scores to numpy,
        which has no bfloat16, to log the accuracy.
        """
        x = self.norm(self.pool(feats.float()).flatten(1))
        if self.feature_norm == 'l2':
            x = F.normalize(x, dim=1)
        return self.fc_cls(self.dropout(x))

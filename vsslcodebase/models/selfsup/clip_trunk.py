"""What all trunks share: a backbone, a neck and three modes."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any

from mmengine.model import BaseModel
from torch import Tensor

from vsslcodebase.models.build import build_part
from vsslcodebase.models.heads.clips import write_embeddings


class ClipTrunk(BaseModel, metaclass=ABCMeta):
    """Backbone and neck for V clips of each video; a subclass adds a loss.

    Args:
        backbone: (B*V, C, T, H, W) -> (B*V, D, t, h, w).
        neck: ``neck(feats, data_samples) -> (embeddings, losses)``; None for
            a subclass that makes no embeddings, and predicts otherwise.
        data_preprocessor: Default ``ClipDataPreprocessor`` with the
            colour statistics of ImageNet.
        init_cfg: Weight initialisation, mmengine's.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        neck: dict[str, Any] | None,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        preprocessor = data_preprocessor or dict(type='ClipDataPreprocessor')
        super().__init__(build_part(preprocessor), init_cfg)
        self.backbone = build_part(backbone)
        if neck is not None:
            self.neck = build_part(neck)

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
                the data samples with predictions.
        """
        if inputs.ndim != 6:
            raise ValueError(
                'inputs must be (B, V, C, T, H, W), got shape '
                f'{tuple(inputs.shape)}; a batch of single clips has V=1'
            )
        if mode == 'tensor':
            return self.extract_feat(inputs)
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise ValueError(
            f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}"
        )

    def extract_feat(self, inputs: Tensor) -> Tensor:
        """Run the backbone: (B, V, C, T, H, W) -> (B*V, D, t, h, w)."""
        return self.backbone(inputs.flatten(0, 1))

    @abstractmethod
    def loss(self, inputs: Tensor, data_samples: Any) -> dict[str, Tensor]:
        """Return losses and metrics of a batch as ``forward`` has it."""

    def predict(self, inputs: Tensor, data_samples: Any) -> Any:
        """Write ``embedding`` (V, d) into each data sample."""
        embeddings, _ = self.neck(self.extract_feat(inputs), data_samples)
        return write_embeddings(embeddings, data_samples)


def check_several_clips(method: str, inputs: Tensor) -> None:
    """Raise unless a batch (B, V, C, T, H, W) has two or more clips a video.

    Args:
        method: Whom the message names.
        inputs: The batch.
    """
    if inputs.shape[1] < 2:
        raise ValueError(
            f'{method} needs at least 2 clips per video, got '
            f'{inputs.shape[1]}; set num_clips of the sampler '
            '(SampleIndependentClips), '
            'train_dataloader.dataset.pipeline.1.num_clips=2'
        )

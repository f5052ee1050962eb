"""The head of SimCLR and CVRL, and CORP's baseline (CORP, Section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import Tensor

from vsslcodebase.models.losses import nt_xent_loss
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.dist import gather_with_grad

from .clips import count_clips, write_embeddings
from .diagnostics import contrast_accuracy, embedding_spread


@MODELS.register_module()
class ContrastiveHead(BaseModule):
    """NT-Xent between the two clips of each video of the global batch.

    Args:
        temperature: Divides the cosine similarities; CVRL 0.1.
        init_cfg: Weight initialisation, mmengine's; there are no weights.
    """

    def __init__(
        self, temperature: float = 0.1, init_cfg: dict[str, Any] | None = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.temperature = temperature

    def loss(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Contrast the batch of all processes.

        Args:
            embeddings: (2B, d), rows 2i and 2i+1 are the clips of video i.
            data_samples: B samples; only counted.
            kwargs: What MMAction2's recognizers pass on; not used.

        Returns:
            ``loss_contrast`` and the metrics ``contrast_acc`` and
            ``embedding_std``.
        """
        check_two_clips(embeddings, data_samples)
        z = gather_with_grad(embeddings)  # (2*W*B, d) of W processes
        videos = torch.arange(len(z), device=z.device) // 2
        return dict(
            loss_contrast=nt_xent_loss(z, self.temperature),
            contrast_acc=contrast_accuracy(z, videos),
            embedding_std=embedding_spread(z),
        )

    def predict(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> Sequence[ActionDataSample]:
        """Write ``embedding`` (V, d) into each data sample."""
        return write_embeddings(embeddings, data_samples)


def check_two_clips(
    embeddings: Tensor, data_samples: Sequence[ActionDataSample]
) -> None:
    """Raise unless there are exactly two clips per video."""
    num_clips = count_clips(embeddings, data_samples)
    if num_clips != 2:
        raise ValueError(
            'contrasting the two clips of a video needs 2 clips per video, '
            f'got {num_clips}; set '
            'train_dataloader.dataset.pipeline.1.num_clips=2'
        )

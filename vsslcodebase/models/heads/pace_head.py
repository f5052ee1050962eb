"""Pace Prediction (Wang et al., ECCV 2020), Section 3: how fast is a clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslcodebase.models.losses import (
    pace_same_context_loss,
    pace_same_pace_loss,
)
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.dist import gather_with_grad

from .clips import count_clips
from .contrastive_head import check_two_clips
from .diagnostics import embedding_spread

CONTRASTS = (None, 'same-context', 'same-pace')
AGREE = (
    'num_paces of the head and the number of paces of SamplePaceClips must '
    'agree'
)


@MODELS.register_module()
class PaceHead(BaseModule):
    """Classify the pace of each clip, and contrast clips (Eq. 1 to 4).

    The total is ``pace_weight`` times the cross entropy of the paces (Eq. 1)
    plus ``contrast_weight`` times one of the contrasts: 'same-context' finds
    the other clip of a video (Eq. 2; two clips a video), 'same-pace' pulls
    clips of one pace together (Eq. 3; any number). Contrasts are over the
    clips of all processes.

    Args:
        in_channels: Length D of an embedding.
        num_paces: Number of paces; the sampler's ``paces`` has as many.
        contrast: None, 'same-context' or 'same-pace'.
        contrast_channels: Length of what is contrasted, made by a linear
            layer and ReLU ("+ fc" of Table 2). Default None: the embeddings
            themselves. The paper's "~4k parameters" are 8 channels of 512.
        pace_weight: Of Eq. 4; 0 leaves out the classifier.
        contrast_weight: Of Eq. 4; where there is no classifier, 1 is usual.
        init_cfg: Weight initialisation, mmengine's.

    Raises:
        ValueError: A contrast that there is not, or nothing to be learnt.
    """

    def __init__(
        self,
        in_channels: int = 512,
        num_paces: int = 4,
        contrast: str | None = None,
        contrast_channels: int | None = None,
        pace_weight: float = 1.0,
        contrast_weight: float = 0.1,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if contrast not in CONTRASTS:
            raise ValueError(
                f'contrast must be one of {CONTRASTS}, got {contrast!r}'
            )
        if num_paces < 2:
            raise ValueError(f'num_paces must be >= 2, got {num_paces}')
        if pace_weight < 0 or contrast_weight < 0:
            raise ValueError(
                'pace_weight and contrast_weight must be >= 0, got '
                f'{pace_weight} and {contrast_weight}'
            )
        if not pace_weight and not (contrast and contrast_weight):
            raise ValueError(
                'nothing to be learnt: pace_weight is 0 and there is no '
                'contrast; set contrast and contrast_weight, or pace_weight'
            )
        self.num_paces = num_paces
        self.contrast = contrast
        self.pace_weight = pace_weight
        self.contrast_weight = contrast_weight
        if pace_weight:
            self.classifier = nn.Linear(in_channels, num_paces)
        self.contrast_layer: nn.Module = nn.Identity()
        if contrast and contrast_weight and contrast_channels:
            self.contrast_layer = nn.Sequential(
                nn.Linear(in_channels, contrast_channels), nn.ReLU()
            )

    def loss(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Compare the paces that are heard with those that were played.

        Args:
            embeddings: (B*V, D), video-major.
            data_samples: B samples with ``pace_label`` (V,) and, if the
                sampler tells, ``clip_wraps`` (V,).
            kwargs: What MMAction2's recognizers pass on; not used.

        Returns:
            ``loss_pace`` and ``loss_contrast``, weighted, where asked for;
            the metrics ``pace_acc``, ``straight_pace_acc`` (of the clips that
            have not jumped to the beginning of their video; nan where all
            have), and ``embedding_std``.
        """
        labels = self.pace_labels(embeddings, data_samples)
        losses: dict[str, Tensor] = {}
        if self.pace_weight:
            logits = self.classifier(embeddings)
            cross_entropy = F.cross_entropy(logits.float(), labels)
            losses['loss_pace'] = self.pace_weight * cross_entropy
            losses |= _accuracies(logits, labels, data_samples)
        if self.contrast and self.contrast_weight:
            contrast = self._contrast(embeddings, labels, data_samples)
            losses['loss_contrast'] = self.contrast_weight * contrast
        everyone = gather_with_grad(embeddings.detach())
        losses['embedding_std'] = embedding_spread(everyone)
        return losses

    def _contrast(
        self,
        embeddings: Tensor,
        labels: Tensor,
        data_samples: Sequence[ActionDataSample],
    ) -> Tensor:
        z = gather_with_grad(self.contrast_layer(embeddings))
        if self.contrast == 'same-pace':
            return pace_same_pace_loss(z, gather_with_grad(labels))
        check_two_clips(embeddings, data_samples)
        return pace_same_context_loss(z)

    def pace_labels(
        self, embeddings: Tensor, data_samples: Sequence[ActionDataSample]
    ) -> Tensor:
        """Collect the (B*V,) int64 classes of the paces.

        Where the sampler has told how many paces it has, that is compared,
        since looking at labels on a GPU would wait for it.

        Raises:
            ValueError: They are missing, of another number than the clips,
                or beyond ``num_paces``.
        """
        num_clips = count_clips(embeddings, data_samples)
        for sample in data_samples:
            if 'pace_label' not in sample:
                raise ValueError(
                    'predicting the pace needs pace_label in every data '
                    f'sample, got {sorted(sample.all_keys())}; sample clips '
                    'with SamplePaceClips and pack them with PackClips'
                )
            if sample.pace_label.shape != (num_clips,):
                raise ValueError(
                    f'pace_label has shape {tuple(sample.pace_label.shape)}, '
                    f'but there are {num_clips} clips per video'
                )
        labels = torch.cat([sample.pace_label for sample in data_samples])
        told = {sample.get('num_paces') for sample in data_samples}
        if None in told:
            self._check_range(labels)
        elif told != {self.num_paces}:
            raise ValueError(
                f'the head has num_paces={self.num_paces}, but the sampler '
                f'has {sorted(told)}; {AGREE}'
            )
        return labels.to(embeddings.device)

    def _check_range(self, labels: Tensor) -> None:
        """Refuse labels that are no class; this waits for the device."""
        low, high = torch.stack(labels.aminmax()).tolist()
        if low < 0 or high >= self.num_paces:
            raise ValueError(
                f'pace_label must be in 0..{self.num_paces - 1}, got '
                f'{low}..{high}; {AGREE}'
            )

    def predict(
        self,
        embeddings: Tensor,
        data_samples: Sequence[ActionDataSample],
        **kwargs: Any,
    ) -> Sequence[ActionDataSample]:
        """Write ``embedding`` (V, D) and ``pace_scores`` (V, num_paces)."""
        num_clips = count_clips(embeddings, data_samples)
        for sample, own in zip(data_samples, embeddings.split(num_clips)):
            sample.set_field(own, 'embedding')
            if self.pace_weight:
                scores = self.classifier(own).float().softmax(1)
                sample.set_field(scores, 'pace_scores')
        return data_samples


@torch.no_grad()
def _accuracies(
    logits: Tensor, labels: Tensor, data_samples: Sequence[ActionDataSample]
) -> dict[str, Tensor]:
    """Return how often the pace is right, in all and in straight clips."""
    right = (logits.argmax(1) == labels).float()
    accuracies = dict(pace_acc=right.mean())
    if all('clip_wraps' in sample for sample in data_samples):
        wraps = torch.cat([sample.clip_wraps for sample in data_samples])
        # not right[straight].mean(): its size would have to be waited for
        straight = ~wraps.to(right.device)
        accuracies['straight_pace_acc'] = (
            right * straight
        ).sum() / straight.sum()
    return accuracies

"""SwAV (Caron et al. 2020) for any number of clips per video."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.logging import MessageHub
from mmengine.model import merge_dict
from torch import Tensor, nn

from vsslcodebase.models.heads.diagnostics import embedding_spread
from vsslcodebase.models.losses import sinkhorn_codes, swav_loss
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.dist import gather_with_grad
from vsslcodebase.utils.precision import float32_math, unit_length

from .clip_trunk import ClipTrunk, check_several_clips


@MODELS.register_module()
class SwAV(ClipTrunk):
    """Predict which prototypes the other clips of a video are assigned to.

    The codes of a clip, its assignment, are made over the global batch, for
    each of the V clips by itself; each clip predicts those of every other.
    There is no queue of earlier batches.

    While the prototypes are frozen, they get a gradient of zero rather than
    none, which DDP would wait for. So weight decay may shorten them, and
    making them unit vectors again may round: their directions stay, with
    SGD, AdamW and LARS. (Adam turns an L2 penalty into steps of its own; use
    AdamW.)

    Args:
        backbone: (B*V, C, T, H, W) -> (B*V, D, t, h, w).
        neck: ``neck(feats, data_samples) -> (embeddings, losses)``.
        in_channels: Length d of an embedding.
        num_prototypes: K, 2 or more. SwAV 3000; 1000 on Kinetics
            (Feichtenhofer et al. 2021).
        epsilon: Entropy of the codes.
        sinkhorn_iterations: Times that their columns and rows are divided.
        temperature: Divides the similarities in the prediction.
        freeze_prototypes_epochs: Epochs at the start in which the prototypes
            do not move; 0 for none, and for an iteration-based loop, which
            counts no epochs. Outside a Runner they always move.
        data_preprocessor: Default ``ClipDataPreprocessor`` with the
            colour statistics of ImageNet.
        init_cfg: Weight initialisation, mmengine's.

    Raises:
        ValueError: For fewer than 2 prototypes, or a temperature of 0.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        neck: dict[str, Any],
        in_channels: int = 128,
        num_prototypes: int = 1000,
        epsilon: float = 0.05,
        sinkhorn_iterations: int = 3,
        temperature: float = 0.1,
        freeze_prototypes_epochs: int = 1,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(backbone, neck, data_preprocessor, init_cfg)
        if num_prototypes < 2:
            raise ValueError(
                'SwAV assigns clips to at least 2 prototypes, got '
                f'num_prototypes={num_prototypes}'
            )
        if not temperature > 0:
            raise ValueError(f'temperature must be > 0, got {temperature}')
        self.prototypes = nn.Parameter(
            unit_length(torch.randn(num_prototypes, in_channels))
        )
        self.epsilon = epsilon
        self.sinkhorn_iterations = sinkhorn_iterations
        self.temperature = temperature
        self.freeze_prototypes_epochs = freeze_prototypes_epochs

    def loss(self, inputs: Tensor, data_samples: Any) -> dict[str, Tensor]:
        """Let each clip predict the codes of its video's other clips.

        Args:
            inputs: (B, V, C, T, H, W) with V >= 2.
            data_samples: B samples; for the neck.

        Returns:
            ``loss_swav``, the neck's losses, and the metrics
            ``embedding_std`` and ``prototype_perplexity``; those of the
            global batch on every process.
        """
        check_several_clips('SwAV', inputs)
        feats = self.extract_feat(inputs)
        embeddings, neck_losses = self.neck(feats, data_samples)
        z = gather_with_grad(embeddings)  # (W*B*V, d) of W processes
        scores = prototype_scores(z, self._unit_prototypes())
        # (V, W*B, K): every clip of the V is assigned by itself
        scores = scores.unflatten(0, (-1, inputs.shape[1])).transpose(0, 1)
        codes = sinkhorn_codes(scores, self.epsilon, self.sinkhorn_iterations)
        losses = dict(
            loss_swav=swav_loss(scores, codes, self.temperature),
            embedding_std=embedding_spread(z),
            prototype_perplexity=prototype_perplexity(scores),
        )
        return merge_dict(losses, neck_losses)

    def _unit_prototypes(self) -> Tensor:
        """Return the prototypes (K, d), after making them unit vectors."""
        if not self.training:
            return unit_length(self.prototypes)
        with torch.no_grad():
            self.prototypes.copy_(unit_length(self.prototypes))
        epoch = MessageHub.get_current_instance().get_info('epoch')
        if epoch is None or epoch >= self.freeze_prototypes_epochs:
            return self.prototypes
        return self.prototypes.detach() + 0 * self.prototypes


@float32_math
def prototype_scores(embeddings: Tensor, prototypes: Tensor) -> Tensor:
    """Compare embeddings with prototypes by their cosine.

    Args:
        embeddings: (N, d) of any scale.
        prototypes: (K, d), rows of length 1.

    Returns:
        (N, K) float32 in [-1, 1].

    Raises:
        ValueError: The two differ in d.
    """
    if embeddings.shape[-1] != prototypes.shape[-1]:
        raise ValueError(
            f'SwAV(in_channels={prototypes.shape[-1]}) got embeddings of '
            f'shape {tuple(embeddings.shape)}; set in_channels to the '
            "neck's out_channels"
        )
    return unit_length(embeddings.float()) @ prototypes.float().T


@torch.no_grad()
def prototype_perplexity(scores: Tensor) -> Tensor:
    """Measure how many prototypes are in use.

    Every clip counts for its nearest prototype. The codes would not tell: by
    construction they use all prototypes equally, also for equal embeddings.

    Args:
        scores: (..., K) similarity of clips to K prototypes.

    Returns:
        Scalar float32, the exponential of the entropy of the K shares: 1
        where all clips have one prototype, K where all have equally many.
    """
    nearest = scores.argmax(-1, keepdim=True)
    votes = torch.zeros_like(scores).scatter_(-1, nearest, 1.0)
    shares = votes.flatten(0, -2).mean(0)  # bincount would wait for a GPU
    return torch.special.entr(shares).sum().exp()

"""BYOL (Grill et al. 2020), for many clips rho-BYOL.

rho-BYOL: Feichtenhofer et al. (2021), "A Large-Scale Study on Unsupervised
Spatiotemporal Representation Learning".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import torch
from mmengine.model import merge_dict
from torch import Tensor

from vsslcodebase.models.build import build_part
from vsslcodebase.models.heads.diagnostics import embedding_spread
from vsslcodebase.models.losses import byol_loss
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.dist import gather_with_grad

from .clip_times import embed, read_times
from .clip_trunk import ClipTrunk, check_several_clips
from .momentum_encoder import MomentumEncoder

PREDICTOR = dict(
    type='ProjectionNeck',
    in_channels=256,
    hidden_channels=4096,
    out_channels=256,
    num_hidden=1,
)


@MODELS.register_module()
class BYOL(ClipTrunk):
    """Predict the target network's projections of a video's other clips.

    Online: backbone, neck, predictor. Target: slow copies of backbone and
    neck, a time-aware one included. Every clip is query in turn.

    Args:
        backbone: (B*V, C, T, H, W) -> (B*V, D, t, h, w).
        neck: ``neck(feats)`` or, time-aware, ``neck(feats, times=times)``
            -> (embeddings (B*V, d), losses). BYOL: one hidden layer of 4096,
            d = 256.
        predictor: (N, d, 1, 1, 1) -> ((N, d), losses), as ``ProjectionNeck``
            does it; default BYOL's, for d = 256: one hidden layer of 4096
            with SyncBN.
        momentum: Share that the target keeps, at the start; BYOL 0.996.
        momentum_schedule: 'cosine', up to 1, or 'constant'.
        sequential: Encode the first clips of all videos, then the second
            ones, and so on. Statistics of BatchNorm are then of B clips, one
            a video, instead of B*V.
        data_preprocessor: Default ``ClipDataPreprocessor`` with the
            colour statistics of ImageNet.
        init_cfg: Weight initialisation, mmengine's.

    Raises:
        ValueError: For a momentum out of range or an unknown schedule.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        neck: dict[str, Any],
        predictor: dict[str, Any] | None = None,
        momentum: float = 0.996,
        momentum_schedule: str = 'cosine',
        sequential: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(backbone, neck, data_preprocessor, init_cfg)
        self.predictor = build_part(predictor or PREDICTOR)
        self.target = MomentumEncoder(
            self.backbone, self.neck, momentum, momentum_schedule
        )
        self.sequential = sequential

    def loss(self, inputs: Tensor, data_samples: Any) -> dict[str, Tensor]:
        """Compare each clip's prediction with the other clips' targets.

        Args:
            inputs: (B, V, C, T, H, W) with V >= 2.
            data_samples: B samples; a time-aware neck reads them.

        Returns:
            ``loss_byol`` of this process's videos, summed over the V queries,
            the neck's losses, and the metrics ``embedding_std`` of the
            global batch and ``momentum``.
        """
        check_several_clips('BYOL', inputs)
        self.target.follow(self.backbone, self.neck)
        B, V = inputs.shape[:2]
        clips = inputs.flatten(0, 1)  # (B*V, C, T, H, W)
        times = read_times(self.neck, data_samples, inputs.device)
        num_calls = V if self.sequential else 1
        calls = []
        for call in range(num_calls):
            rows = slice(call, None, num_calls)  # one clip of each, or all
            own_times = None if times is None else times[rows]
            calls.append(self._encode(clips[rows], own_times))
        *columns, neck_losses = zip(*calls)
        z, predictions, targets = (
            torch.stack(column, 1).reshape(B, V, -1) for column in columns
        )
        queries, others = zip(*permutations(range(V), 2))
        loss = byol_loss(
            predictions[:, queries].flatten(0, 1),  # (B*V*(V-1), d)
            targets[:, others].flatten(0, 1),
        )
        losses = dict(
            loss_byol=V * loss,  # the mean over V queries times their number
            embedding_std=embedding_spread(
                gather_with_grad(z.detach().flatten(0, 1))
            ),
            momentum=loss.new_tensor(self.target.current_momentum()),
        )
        return merge_dict(losses, _mean_losses(neck_losses))

    def _encode(
        self, clips: Tensor, times: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
        """Return online projections, predictions, targets, neck losses."""
        z, losses = embed(self.backbone, self.neck, clips, times)
        width = getattr(self.predictor, 'in_channels', z.shape[1])
        if z.shape[1] != width:
            raise ValueError(
                f"BYOL's predictor is for embeddings (N, {width}), the neck "
                f'makes {tuple(z.shape)}; set in_channels and out_channels '
                "of the predictor to the neck's out_channels"
            )
        prediction, _ = self.predictor(z[:, :, None, None, None])
        return z, prediction, self.target(clips, times), losses


def _mean_losses(calls: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Average each loss over the calls of a neck."""
    return {
        name: torch.stack([losses[name] for losses in calls]).mean()
        for name in calls[0]
    }

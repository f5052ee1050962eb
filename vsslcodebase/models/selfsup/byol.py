"""BYOL (Grill et al. 2020), for many clips rho-BYOL.

rho-BYOL: Feichtenhofer et al. (2021), "A Large-Scale Study on Unsupervised
Spatiotemporal Representation Learning".
"""

from __future__ import annotations

from typing import Any

from mmengine.model import merge_dict
from torch import Tensor, nn

from vsslcodebase.models.build import build_part
from vsslcodebase.models.heads.diagnostics import embedding_spread
from vsslcodebase.models.losses import byol_loss
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.dist import gather_with_grad

from .batch_shuffle import forward_batches
from .clip_times import embed, read_times
from .clip_trunk import ClipTrunk, check_several_clips
from .moco import other_clips
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
        num_videos, num_clips = inputs.shape[:2]
        clips = inputs.flatten(0, 1)  # (B*V, C, T, H, W)
        times = read_times(self.neck, data_samples, inputs.device)
        batches = forward_batches(
            num_videos, num_clips, sequential=self.sequential
        )
        z, neck_losses = embed(self.backbone, self.neck, clips, times, batches)
        predictions = self._predict(z, batches)  # (B*V, d)
        targets = self.target(clips, times, batches)
        loss = byol_loss(
            predictions.repeat_interleave(num_clips - 1, dim=0),
            other_clips(targets, num_clips).flatten(0, 1),  # (B*V*(V-1), d)
        )
        losses = dict(
            loss_byol=num_clips * loss,  # the mean over V queries, times V
            embedding_std=embedding_spread(gather_with_grad(z.detach())),
            momentum=loss.new_tensor(self.target.current_momentum()),
        )
        return merge_dict(losses, neck_losses)

    def _predict(self, embeddings: Tensor, batches: list[Tensor]) -> Tensor:
        """Run the predictor in the batches that the clips were encoded in."""
        width = getattr(self.predictor, 'in_channels', embeddings.shape[1])
        if embeddings.shape[1] != width:
            raise ValueError(
                f"BYOL's predictor is for embeddings (N, {width}), the neck "
                f'makes {tuple(embeddings.shape)}; set in_channels and '
                "out_channels of the predictor to the neck's out_channels"
            )
        maps = embeddings[:, :, None, None, None]
        return embed(nn.Identity(), self.predictor, maps, None, batches)[0]

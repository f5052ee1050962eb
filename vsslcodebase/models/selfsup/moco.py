"""MoCo (He et al. 2020), for many clips rho-MoCo.

rho-MoCo: Feichtenhofer et al. (2021), "A Large-Scale Study on Unsupervised
Spatiotemporal Representation Learning".
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import torch
from mmengine.model import merge_dict
from torch import Tensor

from vsslcodebase.models.heads.diagnostics import embedding_spread
from vsslcodebase.models.losses.info_nce import (
    info_nce_accuracy,
    info_nce_loss,
    joint_info_nce_loss,
)
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.dist import (
    all_reduce_mean,
    gather_with_grad,
    permute_rows,
    world_size,
)
from vsslcodebase.utils.precision import unit_length

from .batch_shuffle import clip_permutation, forward_batches
from .clip_times import embed, read_times
from .clip_trunk import ClipTrunk, check_several_clips
from .feature_queue import FeatureQueue
from .momentum_encoder import MomentumEncoder

LOSSES = {'mean': info_nce_loss, 'sum': joint_info_nce_loss}


@MODELS.register_module()
class MoCo(ClipTrunk):
    """Find a video's other clips among the clips of earlier steps.

    Every clip is query in turn, encoded by backbone and neck; keys are the
    embeddings of the other V - 1 clips by slow copies of the two, a
    time-aware neck included. Negatives are the keys of earlier steps, as
    many as there have been.

    Args:
        backbone: (N, C, T, H, W) -> (N, D, t, h, w).
        neck: ``neck(feats)`` or, time-aware, ``neck(feats, times=times)``
            -> (embeddings (N, d), losses).
        in_channels: Length d of the neck's embeddings.
        queue_size: K, the number of negatives.
        momentum: Share of the old weights that the copies keep at first;
            rho-MoCo 0.994.
        momentum_schedule: 'cosine' raises it to 1 at the end, 'constant'
            leaves it.
        temperature: tau; rho-MoCo 0.1, MoCo 0.07.
        shuffle_bn: Encode keys in another company than the queries, so that
            statistics of BatchNorm do not tell who belongs together; see
            ``batch_shuffle``. For norms within each process, not SyncBN. In
            one process with ``bn_groups=1`` there is no other company, and
            nothing is shuffled; with few processes times groups companies
            are still much alike, so have 8 or more.
        bn_groups: Parts into which each process divides its videos, each
            encoded and normalised by itself: so many GPUs in one.
        sequential: Encode one clip of each video after the other, V forwards
            of B clips, as rho-MoCo does; else one forward of B*V clips.
        multi_positive: 'mean' classifies each of the V - 1 keys alone (the
            code of rho-MoCo), 'sum' all together (its paper).
        data_preprocessor: Default ``ClipDataPreprocessor`` with the
            colour statistics of ImageNet.
        init_cfg: Weight initialisation, mmengine's.

    Raises:
        ValueError: For a value out of range, or one that is none of these.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        neck: dict[str, Any],
        in_channels: int = 128,
        queue_size: int = 65536,
        momentum: float = 0.994,
        momentum_schedule: str = 'cosine',
        temperature: float = 0.1,
        shuffle_bn: bool = True,
        bn_groups: int = 1,
        sequential: bool = False,
        multi_positive: str = 'mean',
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(backbone, neck, data_preprocessor, init_cfg)
        if multi_positive not in LOSSES:
            raise ValueError(
                f'multi_positive must be one of {[*LOSSES]}, got '
                f'{multi_positive!r}'
            )
        if not temperature > 0:
            raise ValueError(f'temperature must be > 0, got {temperature}')
        self.momentum_encoder = MomentumEncoder(
            self.backbone, self.neck, momentum, momentum_schedule
        )
        self.queue = FeatureQueue(queue_size, in_channels)
        self.temperature = temperature
        self.shuffle_bn = shuffle_bn
        self.bn_groups = bn_groups
        self.sequential = sequential
        self.multi_positive = multi_positive

    def loss(self, inputs: Tensor, data_samples: Any) -> dict[str, Tensor]:
        """Compare each clip with the other clips' keys and the queue.

        Args:
            inputs: (B, V, C, T, H, W) with V >= 2.
            data_samples: B samples; a time-aware neck reads them.

        Returns:
            ``loss_contrast`` of this process's videos, summed over the V
            queries, the neck's losses, and the metrics of the global batch
            ``contrast_acc`` (how often a key is nearer than all negatives),
            ``embedding_std``, ``momentum`` and ``queue_age`` in steps.
        """
        check_several_clips('MoCo', inputs)
        self.momentum_encoder.follow(self.backbone, self.neck)
        num_videos, num_clips = inputs.shape[:2]
        clips = inputs.flatten(0, 1)  # (B*V, C, T, H, W)
        times = read_times(self.neck, data_samples, inputs.device)
        batches = forward_batches(
            num_videos, num_clips, self.bn_groups, self.sequential
        )
        z, neck_losses = embed(self.backbone, self.neck, clips, times, batches)
        self._check_fit(z)
        queries = unit_length(z.float())  # (B*V, d)
        keys = self._encode_keys(clips, times, batches, num_clips)
        positives = other_clips(keys, num_clips)  # (B*V, V-1, d)
        negatives = self.queue.negatives()
        loss = LOSSES[self.multi_positive](
            queries, positives, negatives, self.temperature
        )
        accuracy = info_nce_accuracy(queries, positives, negatives)
        losses = dict(
            loss_contrast=num_clips * loss,  # the mean over V queries, times V
            contrast_acc=all_reduce_mean(accuracy),
            embedding_std=embedding_spread(gather_with_grad(queries.detach())),
            momentum=loss.new_tensor(self.momentum_encoder.current_momentum()),
            queue_age=self.queue.age(),
        )
        if self.training:
            self.queue.enqueue(keys)
        return merge_dict(losses, neck_losses)

    @torch.no_grad()
    def _encode_keys(
        self,
        clips: Tensor,
        times: Tensor | None,
        batches: list[Tensor],
        num_clips: int,
    ) -> Tensor:
        """Return the (B*V, d) keys of length 1, encoded in other company."""
        encode = self.momentum_encoder
        if not self.shuffle_bn or world_size() * self.bn_groups == 1:
            return unit_length(encode(clips, times, batches).float())
        num_videos = world_size() * len(clips) // num_clips
        order = clip_permutation(num_videos, num_clips, int(self.queue.step))
        if times is not None:
            times = permute_rows(times, order)
        keys = encode(permute_rows(clips, order), times, batches)
        return permute_rows(unit_length(keys.float()), order.argsort())

    def _check_fit(self, embeddings: Tensor) -> None:
        """Raise unless the (B*V, d) embeddings fit the queue."""
        size, width = self.queue.rows.shape
        if embeddings.shape[1:] != (width,):
            raise ValueError(
                f'MoCo(in_channels={width}) got embeddings of shape '
                f"{tuple(embeddings.shape)}; set in_channels to the neck's "
                'out_channels'
            )
        num_keys = world_size() * len(embeddings)
        if size < num_keys:
            raise ValueError(
                f'queue_size={size} is smaller than one batch of {num_keys} '
                'keys (processes x videos x clips): some would never be a '
                'negative; set it to at least that'
            )


def other_clips(rows: Tensor, num_clips: int) -> Tensor:
    """Give each clip the rows of its video's other clips.

    Args:
        rows: (B*V, d), video-major.
        num_clips: V.

    Returns:
        (B*V, V-1, d).
    """
    pairs = permutations(range(num_clips), 2)  # by clip, then by other clip
    others = [other for _, other in pairs]
    grouped = rows.unflatten(0, (-1, num_clips))[:, others]  # (B, V*(V-1), d)
    return grouped.reshape(len(rows), num_clips - 1, -1)

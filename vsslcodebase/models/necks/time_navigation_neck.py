"""Latent Time Navigation (LTN, Yang et al., AAAI 2023), Section 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslcodebase.models.build import build_part
from vsslcodebase.models.clip_fields import stack_clip_field
from vsslcodebase.models.layers.orthonormal_basis import orthonormal_basis
from vsslcodebase.models.layers.time_encoder import TimeEncoder
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.precision import float32_math

# Numbers that tell the time of a clip
NUM_TIMES = {'start': 1, 'start-end-delta': 3}


@MODELS.register_module()
class TimeNavigationNeck(BaseModule):
    """Shift features by what their time says, then project them.

    A contrastive loss makes the clips of a video alike. Here it sees
    f' instead of f, from which the neck may have taken what changes in time,
    so that f may keep it. With epsilon of ``TimeEncoder`` and M orthonormal
    directions in the columns of Q, f' is by variant

    - 1: f + epsilon (Eq. 3), which needs no directions;
    - 2: f * (softmax(epsilon) Q^T) elementwise (Eq. 4);
    - 3: f + epsilon Q^T (Eq. 5), the paper's choice.

    It stands between the backbone and the neck that was there, and is left
    behind with it: downstream there is f alone.

    Args:
        projector: Config of the neck that was there. Its ``in_channels`` and
            ``pool_size`` tell the form of a feature vector, of length D =
            in_channels * pool_size^2; pooling is done here, before it.
        num_directions: M (Table 4); also the length of a time's embedding.
        variant: 1, 2 or 3 (Table 1).
        orthogonal: Q from the weights by Gram-Schmidt; else the weights
            themselves (Table 1, "w/o orthogonalization"). Variant 1 has no
            directions and ignores it.
        time_layers: Layers of the time encoder (Table 3); see
            ``TimeEncoder``.
        time_channels: Their width (Table 3).
        time_input: What the time of a clip is, in seconds of its video:
            'start' is the paper's. 'start-end-delta', of the published code,
            adds the end, and the gap since the clip before in time ended:
            negative where they overlap, 0 for the first one.
        hidden_channels: Width of the time encoder's second MLP, default the
            length of its input.
        init_cfg: Weight initialisation, mmengine's.

    Raises:
        ValueError: More directions than dimensions, or an argument that is
            none of the above.
    """

    def __init__(
        self,
        projector: dict[str, Any],
        num_directions: int = 64,
        variant: int = 3,
        orthogonal: bool = True,
        time_layers: int = 2,
        time_channels: int = 2048,
        time_input: str = 'start',
        hidden_channels: int | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        _check_choices(projector, variant, time_layers, time_input)
        self.in_channels = projector['in_channels']
        pool_size = projector.get('pool_size', 1)
        dim = self.in_channels * pool_size**2
        if not 1 <= num_directions <= dim:
            raise ValueError(
                f'num_directions={num_directions} must lie in [1, {dim}]: '
                'there are no more directions than dimensions, '
                'projector.in_channels * projector.pool_size^2'
            )
        self.variant = variant
        self.orthogonal = orthogonal
        self.time_input = time_input
        self.pool = nn.AdaptiveAvgPool3d((1, pool_size, pool_size))
        self.time_encoder = TimeEncoder(
            dim,
            dim if variant == 1 else num_directions,
            NUM_TIMES[time_input],
            num_directions,
            time_layers,
            time_channels,
            hidden_channels,
        )
        if variant != 1:  # a weight that is not used would stop DDP
            basis = torch.empty(dim, num_directions)
            self.basis = nn.Parameter(nn.init.orthogonal_(basis))
        self.projector = _build_projector(projector, dim)
        if variant == 2:
            _zero_biases(self.projector)

    def forward(
        self,
        feats: Tensor,
        data_samples: Sequence[ActionDataSample] | None = None,
        times: Tensor | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Navigate and project every clip of the batch.

        Args:
            feats: (N, in_channels, t, h, w) feature maps, N = B*V clips.
            data_samples: B samples with the clips' times, video-major.
            times: (N, 1) or (N, 3), rows as those of ``feats``, from a
                caller who has permuted the clips; instead of
                ``data_samples``.

        Returns:
            What the projector returns: (N, d) embeddings, and losses.
        """
        if feats.ndim != 5 or feats.shape[1] != self.in_channels:
            raise ValueError(
                f'TimeNavigationNeck expects feature maps (N, '
                f'{self.in_channels}, t, h, w), got {tuple(feats.shape)}; set '
                "projector.in_channels to the backbone's number of output "
                'channels'
            )
        if times is None:
            times = self.read_times(data_samples, feats.device)
        expected = (len(feats), NUM_TIMES[self.time_input])
        if times.shape != expected:
            raise ValueError(
                f'expected times {expected} for {len(feats)} clips and '
                f'time_input={self.time_input!r}, got {tuple(times.shape)}; '
                'sampler and pack must agree about the number of clips'
            )
        f = self.pool(feats).flatten(1)  # (N, D)
        moved = self.navigate(f, self.time_encoder(f, times))
        return self.projector(moved[:, :, None, None, None], data_samples)

    @float32_math
    def navigate(self, feats: Tensor, code: Tensor) -> Tensor:
        """Shift features (Eq. 3 to 5).

        Args:
            feats: (N, D) features f.
            code: (N, M) outputs epsilon of the time encoder; (N, D) for
                variant 1.

        Returns:
            (N, D) float32, f'.
        """
        feats, code = feats.float(), code.float()
        if self.variant == 1:
            return feats + code
        directions = self.directions()
        if self.variant == 2:
            return feats * (code.softmax(1) @ directions.T)
        return feats + code @ directions.T

    def directions(self) -> Tensor:
        """Return the (D, M) directions in float32, one a column.

        Raises:
            ValueError: Variant 1, which has none.
        """
        if self.variant == 1:
            raise ValueError('variant 1 of LTN has no directions')
        if self.orthogonal:
            return orthonormal_basis(self.basis)
        return self.basis.float()

    def read_times(
        self,
        data_samples: Sequence[ActionDataSample] | None,
        device: torch.device,
    ) -> Tensor:
        """Collect what ``time_input`` names, video-major.

        Args:
            data_samples: B samples with ``clip_time`` (V,) and, where
                needed, ``clip_end`` (V,), in seconds.
            device: Where to put the times.

        Returns:
            (B*V, 1) float32 starts, or (B*V, 3) starts, ends and gaps.

        Raises:
            ValueError: A time is missing, unequal in number, or not finite.
        """
        if not data_samples:
            raise ValueError(
                'TimeNavigationNeck needs the times of the clips, got '
                f'data_samples={data_samples!r} and no times'
            )
        starts = _read_seconds(data_samples, 'clip_time', device)  # (B, V)
        columns = [starts]
        if self.time_input == 'start-end-delta':
            ends = _read_seconds(data_samples, 'clip_end', device)
            columns += [ends, gaps_before(starts, ends)]
        return torch.stack(columns, dim=-1).flatten(0, 1)


def gaps_before(starts: Tensor, ends: Tensor) -> Tensor:
    """Measure how long before each clip the one before in time ended.

    Args:
        starts: (B, V) in seconds, in any order.
        ends: (B, V) in seconds.

    Returns:
        (B, V) in seconds, 0 for the first clip of each video.
    """
    order = starts.argsort(dim=1, stable=True)
    gaps = torch.zeros_like(starts)
    gaps[:, 1:] = (
        starts.gather(1, order)[:, 1:] - ends.gather(1, order)[:, :-1]
    )
    return torch.zeros_like(gaps).scatter(1, order, gaps)


def _read_seconds(
    data_samples: Sequence[ActionDataSample], name: str, device: torch.device
) -> Tensor:
    """Return a field (B, V) as finite float32."""
    seconds = stack_clip_field(
        data_samples,
        name,
        device,
        user='TimeNavigationNeck',
        advice='sample the clips with vsslcodebase.SampleIndependentClips and '
        'pack them with vsslcodebase.PackClips. Samplers leave times out '
        'where the frame rate of a video is unknown: remove such videos from '
        'the list, or re-encode them',
    ).float()
    if not seconds.isfinite().all():
        raise ValueError(
            f'{name} must be finite seconds, got {seconds.tolist()}'
        )
    return seconds


def _check_choices(
    projector: dict[str, Any],
    variant: int,
    time_layers: int,
    time_input: str,
) -> None:
    """Refuse arguments that name nothing, before anything is built."""
    if 'in_channels' not in projector:
        raise ValueError(
            'the projector needs in_channels, the number of channels of the '
            f'feature map, got {dict(projector)}'
        )
    if variant not in (1, 2, 3):
        raise ValueError(f'variant must be 1, 2 or 3, got {variant!r}')
    if time_input not in NUM_TIMES:
        raise ValueError(
            f'time_input must be one of {[*NUM_TIMES]}, got {time_input!r}'
        )
    if time_layers < 1:
        raise ValueError(
            f'time_layers must be at least 1, got {time_layers}; Table 3 '
            'without a time encoder is the projector alone as the neck'
        )


def _build_projector(cfg: dict[str, Any], dim: int) -> nn.Module:
    """Build the neck for feature vectors instead of feature maps."""
    cfg = dict(cfg, in_channels=dim)
    if 'pool_size' in cfg:
        cfg['pool_size'] = 1
    return build_part(cfg)


def _zero_biases(projector: nn.Module) -> None:
    """Start without biases.

    The product of variant 2 is so small at the start that biases would be
    all that the embeddings consist of.
    """
    for module in projector.modules():
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

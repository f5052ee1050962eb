"""Losses of the motion hierarchy (HCML, Yang et al. 2020, Sections 3.2, 3.3).

The lowest level of motion learns to reconstruct frames, through optical flow;
each level above it, to predict the future of the level below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule, ModuleDict
from torch import Tensor

from vsslcodebase.models.layers import (
    FlowEstimator,
    MotionPredictor,
    draw_positions,
)
from vsslcodebase.models.losses import check_photo_norm
from vsslcodebase.registry import MODELS

from .frame_reconstruction import FrameExitWarning, clip_flow, reconstruct
from .motion_future import contrast_future


@MODELS.register_module()
class MotionHierarchyHead(BaseModule):
    """Supervise the motion features of a ``MotionResNet3d`` without labels.

    All parts of it are dropped when the network has been trained. A sample
    is a clip, N = B*V of them; negatives are of this process's clips, as a
    level compares all positions of the batch with each other.

    Args:
        motion_channels: Of P^l, of each level, from level 0 or by level. The
            trunks fill it in from their backbone.
        flow_level: Level that reconstructs frames; None for no such level.
            HCML: 0. (1 and 2 are the preliminary cues of Table 1.)
        contrast_levels: Levels l that predict level l - 1.
        flow_channels: Of ``FlowEstimator``.
        hidden_channels: Of ``MotionPredictor``. Not printed in HCML.
        num_steps: Predicted are the frames t + 1 ... t + num_steps. Not
            printed in HCML.
        num_positions: Positions in a map at which motion is predicted, drawn
            anew for each clip; of a smaller map all of them. Not printed in
            HCML.
        temperature: tau of the contrast.
        smoothness: zeta, weight of the flow's smoothness. Not printed in
            HCML; with 1 the flow of moving textures is not found.
        photo_norm: See ``photometric_loss``; 'all' is Eq. 3 as printed.
        loss_weights: Of the reconstruction and of the contrasts of levels 1
            and 2, in joint training (Eq. 5). A stage has one loss, which is
            not weighted.
        init_cfg: Weight initialisation, mmengine's.

    Raises:
        ValueError: Levels without motion features or weights, or none at
            all; a number out of range.
    """

    def __init__(
        self,
        motion_channels: Sequence[int] | Mapping[int, int] = (64, 128, 256),
        flow_level: int | None = 0,
        contrast_levels: Sequence[int] = (1, 2),
        flow_channels: Sequence[int] = (128, 128, 96, 64, 32),
        hidden_channels: int = 256,
        num_steps: int = 3,
        num_positions: int = 32,
        temperature: float = 0.07,
        smoothness: float = 0.1,
        photo_norm: str = 'valid',
        loss_weights: Sequence[float] = (15.0, 0.25, 0.25),
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if not isinstance(motion_channels, Mapping):
            motion_channels = dict(enumerate(motion_channels))
        _check_levels(
            motion_channels, flow_level, contrast_levels, len(loss_weights)
        )
        check_photo_norm(photo_norm)
        if min(num_steps, num_positions) < 1 or temperature <= 0:
            raise ValueError(
                'num_steps and num_positions are 1 or more and temperature '
                f'is above 0, got {num_steps}, {num_positions} and '
                f'{temperature}'
            )
        self.flow_level = flow_level
        self.contrast_levels = tuple(sorted(contrast_levels))
        self.num_steps = num_steps
        self.num_positions = num_positions
        self.temperature = temperature
        self.smoothness = smoothness
        self.photo_norm = photo_norm
        self.loss_weights = tuple(loss_weights)
        if flow_level is not None:
            self.flow_estimator = FlowEstimator(
                motion_channels[flow_level], flow_channels
            )
        self.predictors = ModuleDict(
            {
                str(level): MotionPredictor(
                    motion_channels[level] + motion_channels[level - 1],
                    motion_channels[level - 1],
                    num_steps,
                    hidden_channels,
                )
                for level in self.contrast_levels
            }
        )
        self.watch = FrameExitWarning()

    @property
    def levels(self) -> list[int]:
        """The levels that have a loss."""
        flow = set() if self.flow_level is None else {self.flow_level}
        return sorted(flow | set(self.contrast_levels))

    def train_only(self, level: int | None) -> None:
        """Freeze what another level's loss trains; None trains everything."""
        self.requires_grad_(level is None)
        if level is None:
            return
        self.check_level(level)
        if level == self.flow_level:
            self.flow_estimator.requires_grad_(True)
        if level in self.contrast_levels:
            self.predictors[str(level)].requires_grad_(True)

    def check_level(self, level: int) -> None:
        """Raise unless the level has a loss."""
        if level not in self.levels:
            raise ValueError(
                f'level {level} has no loss, only the levels {self.levels} '
                'have; set flow_level or contrast_levels of '
                'MotionHierarchyHead'
            )

    def loss(
        self,
        motion: Mapping[int, Tensor],
        data_samples: Sequence[ActionDataSample] | None = None,
        frames: Tensor | None = None,
        level: int | None = None,
    ) -> dict[str, Tensor]:
        """Compute the losses of all levels, or that of one.

        Args:
            motion: P^l, (N, C_l, T_l, H_l, W_l), of the levels needed.
            data_samples: Not used; there are no labels.
            frames: (N, 3, T, H, W) in [0, 1], as the network saw them;
                needed by the reconstruction.
            level: Compute this level's loss alone, without weight.

        Returns:
            ``loss_reconstruct`` with the metrics ``photometric``,
            ``smoothness``, ``valid_share`` of the pixels, and ``flow_speed``
            in pixels of the map; for a level l above ``loss_motion{l}`` with
            ``motion{l}_acc``, the share of predictions that find the true
            feature, ``motion{l}_acc_step{delta}`` for each delta, and
            ``motion{l}_chance``, what guessing would give.

        Raises:
            ValueError: Motion features or frames are missing, or have not
                enough frames.
        """
        if level is not None:
            self.check_level(level)
        losses: dict[str, Tensor] = {}
        for number in self.levels if level is None else [level]:
            if number == self.flow_level:
                losses |= reconstruct(
                    self.estimate_flow(motion),
                    frames,
                    self.smoothness,
                    self.photo_norm,
                )
                self.watch(losses['valid_share'])
            if number in self.contrast_levels:
                losses |= self._contrast(motion, number)
        if level is None:
            for name, weight in self._weights().items():
                losses[name] = weight * losses[name]
        return losses

    def estimate_flow(self, motion: Mapping[int, Tensor]) -> Tensor:
        """Return the flow (N, 2, T - 1, H, W), see ``clip_flow``."""
        if self.flow_level is None:
            raise ValueError(
                'MotionHierarchyHead(flow_level=None) estimates no flow'
            )
        feats = _features(motion, self.flow_level)
        return clip_flow(self.flow_estimator, feats)

    def predict(
        self,
        motion: Mapping[int, Tensor],
        data_samples: Sequence[ActionDataSample],
        frames: Tensor | None = None,
        level: int | None = None,
    ) -> Sequence[ActionDataSample]:
        """Write ``motion_scores``, what ``loss`` returns for the batch.

        ``MotionMetric`` averages them. In eval mode positions are the same
        in every pass.
        """
        scores = self.loss(motion, data_samples, frames, level)
        values = torch.stack([v.float() for v in scores.values()]).tolist()
        for sample in data_samples:
            sample.set_field(dict(zip(scores, values)), 'motion_scores')
        return data_samples

    def _weights(self) -> dict[str, float]:
        """Return the weight of each loss."""
        weights = {
            f'loss_motion{level}': self.loss_weights[level]
            for level in self.contrast_levels
        }
        if self.flow_level is not None:
            weights['loss_reconstruct'] = self.loss_weights[0]
        return weights

    def _contrast(
        self, motion: Mapping[int, Tensor], level: int
    ) -> dict[str, Tensor]:
        """Return loss and metrics of a level above."""
        upper, lower = _features(motion, level), _features(motion, level - 1)
        generator = None
        if not self.training:  # validations are to be comparable
            generator = torch.Generator(lower.device).manual_seed(0)
        positions = draw_positions(
            len(lower),
            lower[0, 0, 0].numel(),
            self.num_positions,
            lower.device,
            generator,
        )
        loss, accuracies, chance = contrast_future(
            self.predictors[str(level)],
            upper,
            lower,
            positions,
            self.temperature,
        )
        losses = {
            f'loss_motion{level}': loss,
            f'motion{level}_acc': accuracies.mean(),
            f'motion{level}_chance': loss.new_full((), chance),
        }
        for step, accuracy in enumerate(accuracies, start=1):
            losses[f'motion{level}_acc_step{step}'] = accuracy
        return losses


def _check_levels(
    motion_channels: Mapping[int, int],
    flow_level: int | None,
    contrast_levels: Sequence[int],
    num_weights: int,
) -> None:
    """Raise unless there are features and weights for all losses."""
    if flow_level is None and not contrast_levels:
        raise ValueError(
            'nothing to be learnt: set flow_level, contrast_levels, or both'
        )
    needed = set() if flow_level is None else {flow_level}
    needed |= {low for high in contrast_levels for low in (high, high - 1)}
    if not needed <= set(motion_channels):
        raise ValueError(
            f'flow_level={flow_level} and contrast_levels='
            f'{list(contrast_levels)} need motion features of the levels '
            f'{sorted(needed)}, as a level predicts the one below, but there '
            f'are those of {sorted(motion_channels)}; add levels to '
            'MotionResNet3d, or ask for less'
        )
    if num_weights <= max(contrast_levels, default=0):
        raise ValueError(
            f'contrast_levels={list(contrast_levels)} need '
            f'{max(contrast_levels) + 1} loss_weights, the first of which is '
            f'of the reconstruction, got {num_weights}'
        )


def _features(motion: Mapping[int, Tensor], level: int) -> Tensor:
    """Return those of a level, or raise."""
    if level not in motion:
        raise ValueError(
            f'there are no motion features of level {level}, only of '
            f'{sorted(motion)}; add it to MotionResNet3d(levels=...), or take '
            'the losses that need it out of MotionHierarchyHead'
        )
    return motion[level]

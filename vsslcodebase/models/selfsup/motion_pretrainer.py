"""One level of motion at a time (HCML, Yang et al. 2020, Section 3.2)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from vsslcodebase.models.build import build_part
from vsslcodebase.models.shown_frames import shown_frames
from vsslcodebase.registry import MODELS

from .clip_trunk import ClipTrunk


@MODELS.register_module()
class MotionPretrainer(ClipTrunk):
    """A stage of progressive training: one level learns, all else is frozen.

    Stage 0 starts from random weights, each other stage from the checkpoint
    of the last one, which has the same keys. What is frozen is so by
    ``MotionResNet3d.train_only``. Every clip is a sample.

    Args:
        backbone: A ``MotionResNet3d``.
        motion_head: A ``MotionHierarchyHead``; the same in all stages.
        level: The level whose loss is computed.
        with_below: Train the levels below by this loss, too, from random
            weights: for the preliminary motion of levels 1 and 2 in Table 1.
        data_preprocessor: Default ``ClipDataPreprocessor`` with the
            colour statistics of ImageNet.
        init_cfg: Weight initialisation, mmengine's.

    Raises:
        ValueError: The backbone has no motion features, or there is no block
            or no loss at this level.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        motion_head: dict[str, Any],
        level: int = 0,
        with_below: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(backbone, None, data_preprocessor, init_cfg)
        self.motion_head = build_motion_head(motion_head, self.backbone)
        self.level = level
        self.motion_head.train_only(level)
        self.backbone.train_only(level, with_below)

    def loss(self, inputs: Tensor, data_samples: Any) -> dict[str, Tensor]:
        """Return loss and metrics of the level.

        Args:
            inputs: (B, V, C, T, H, W).
            data_samples: Not used; there are no labels.
        """
        motion, frames = self._motion(inputs)
        return self.motion_head.loss(motion, data_samples, frames, self.level)

    def predict(self, inputs: Tensor, data_samples: Any) -> Any:
        """Write ``motion_scores``, which ``MotionMetric`` averages."""
        motion, frames = self._motion(inputs)
        return self.motion_head.predict(
            motion, data_samples, frames, self.level
        )

    def _motion(self, inputs: Tensor) -> tuple[dict[int, Tensor], Tensor]:
        """Run the network up to the level; return frames (B*V, ...), too."""
        clips = inputs.flatten(0, 1)
        return (
            self.backbone.motion_up_to(clips, self.level),
            shown_frames(clips, self.data_preprocessor),
        )


def build_motion_head(motion_head: dict[str, Any], backbone: Any) -> Any:
    """Build a head for the motion features that a backbone has.

    Args:
        motion_head: Config of a ``MotionHierarchyHead``.
        backbone: A ``MotionResNet3d``, which says ``motion_channels``.

    Raises:
        ValueError: The backbone has no motion features.
    """
    channels = getattr(backbone, 'motion_channels', None)
    if not channels:
        raise ValueError(
            f'{type(backbone).__name__} has no motion features to learn from;'
            " take dict(type='MotionResNet3d', backbone=...) with one level "
            'or more'
        )
    return build_part(motion_head, motion_channels=channels)

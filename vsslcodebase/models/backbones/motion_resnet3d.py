"""A 3D network with motion blocks between its stages (HCML, Section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.model import ModuleDict
from torch import Tensor, nn

from vsslcodebase.models.build import build_part
from vsslcodebase.registry import MODELS

from .pretrained import PretrainedBackbone
from .stage_walk import Stage, stages_of

MAX_LEVELS = 3


@MODELS.register_module()
class MotionResNet3d(PretrainedBackbone):
    """Walk the stages of a backbone; a block adds motion after some of them.

    Level l is what follows residual stage l: res2, res3 and res4 of a ResNet
    are the levels 0, 1 and 2 (HCML, Fig. 1). The blocks stay in the network
    when training is over.

    Args:
        backbone: Config of a network that ``stages_of`` can walk. Its weights
            are under ``backbone.``, so its own ``init_cfg`` loads a plain
            checkpoint.
        levels: Where blocks are; any of 0, 1, 2, as (0, 1, 2) or (0,), or
            none, which leaves the plain network.
        block: Arguments of ``PrimeMotionBlock`` but for ``in_channels``.
        init_cfg: See ``PretrainedBackbone``; of the whole, blocks included.
        options: ``frozen`` and ``memory_format`` of ``PretrainedBackbone``.

    Raises:
        ValueError: A level that the network does not have, or twice.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        levels: Sequence[int] = (0, 1, 2),
        block: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(init_cfg=init_cfg, **options)
        self.backbone = build_part(backbone)
        stages = stages_of(self.backbone)
        self.levels = tuple(sorted(levels))
        # The last stage has no block: nothing would read what it adds to
        known = range(min(len(stages) - 2, MAX_LEVELS))
        if not set(self.levels) <= set(known) or len(levels) > len(
            set(levels)
        ):
            raise ValueError(
                f'levels of {type(self.backbone).__name__} are different '
                f'numbers of {[*known]}, got {list(levels)}'
            )
        self.motion_blocks = ModuleDict(
            {
                str(level): build_part(
                    dict(block or {}, type='PrimeMotionBlock'),
                    in_channels=stages[level + 1].width,
                )
                for level in self.levels
            }
        )
        self.motion_channels = {
            level: self.motion_blocks[str(level)].motion_channels
            for level in self.levels
        }
        self.feat_dim = stages[-1].width
        self.trained_level: int | None = None
        self.trains_below = False
        self.settle()

    @property
    def stages(self) -> list[Stage]:
        """The stem and the residual stages of the inner network."""
        return stages_of(self.backbone)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, T, H, W) to (N, D, t, h, w), D = ``feat_dim``."""
        return self.forward_motion(x)[0]

    def forward_motion(self, x: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        """Run the network and keep the motion features on the way.

        Args:
            x: (N, C, T, H, W).

        Returns:
            The last map, and of each level P^l, (N, C_l / 4, T_l, H_l, W_l).
        """
        motion = {}
        for number, stage in enumerate(self.stages):
            x = stage(x)
            level = number - 1
            if level in self.levels:
                x, motion[level] = self.motion_blocks[str(level)](x)
        return x, motion

    def motion_up_to(self, x: Tensor, last: int) -> dict[int, Tensor]:
        """Return the motion features up to a level, and run no further.

        Args:
            x: (N, C, T, H, W).
            last: The level to stop at.

        Returns:
            P^l of each level l <= ``last`` that has a block.
        """
        self._check_level(last)
        motion = {}
        for level, stage in enumerate(self.stages, start=-1):
            x = stage(x)
            if level not in self.levels:
                continue
            block = self.motion_blocks[str(level)]
            if level == last:
                motion[level] = block.motion(x)
                break
            x, motion[level] = block(x)
        return motion

    def train_only(self, level: int | None, with_below: bool = False) -> None:
        """Train one level and freeze all else (HCML, Progressive Training).

        Frozen is without gradient, and in eval mode: running statistics
        that moved would move the features that a level is to predict.
        Level l trains residual stage l and its block, but for the block's
        fusion g, of which no loss of this level knows; g is trained with the
        stage behind it, at level l + 1. Level 0 trains the stem, too.

        Args:
            level: One of ``levels``; None trains everything.
            with_below: Train what is below the level, too, blocks and all;
                what is above stays frozen.
        """
        if level is not None:
            self._check_level(level)
        self.trained_level = level
        self.trains_below = with_below
        self.requires_grad_(level is None)
        for module in self._trained_modules():
            module.requires_grad_(True)
        self.train(self.training)

    def train(self, mode: bool = True) -> nn.Module:
        """Set the mode; what is frozen stays in eval mode."""
        partly = self.trained_level is not None
        super().train(mode and not partly)
        self.training = mode and not self.frozen
        if self.training and partly:
            for module in self._trained_modules():
                module.train()
        return self

    def _trained_modules(self) -> list[nn.Module]:
        """Return what the level in training trains."""
        top = self.trained_level
        if top is None:
            return []
        stages = self.stages
        first = 0 if self.trains_below else top
        modules = [*stages[0].parts] if first == 0 else []
        for level in range(first, top + 1):
            modules += stages[level + 1].parts
            if level - 1 in self.levels:
                modules.append(self.motion_blocks[str(level - 1)].fuse)
            if level in self.levels:
                block = self.motion_blocks[str(level)]
                modules += [block.reduce, block.cost_norm, block.combine]
        return modules

    def _check_level(self, level: int) -> None:
        """Raise unless there is a block at the level."""
        if level not in self.levels:
            raise ValueError(
                f'level {level} has no motion block, which are at the levels '
                f'{list(self.levels)}; add it to MotionResNet3d(levels=...)'
            )

"""Future motion from present motion (HCML, Yang et al. 2020, Section 3.2)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn


class MotionPredictor(BaseModule):
    """Predict the features of a level some frames ahead, all steps at once.

    The functions f_delta have one hidden layer, which they share. They are
    convolutions 1x1x1: linear layers for positions that have been gathered.
    It is dropped when the network has been trained.

    Args:
        in_channels: Of the level's motion and of the one below, together.
        target_channels: Of the level below.
        num_steps: How many frames ahead, delta = 1, 2, ... HCML does not
            print it.
        hidden_channels: Of the hidden layer. HCML does not print it.
        init_cfg: Weight initialisation, mmengine's.
    """

    def __init__(
        self,
        in_channels: int,
        target_channels: int,
        num_steps: int = 3,
        hidden_channels: int = 256,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.num_steps = num_steps
        self.hidden = nn.Linear(in_channels, hidden_channels)
        self.steps = nn.Linear(hidden_channels, num_steps * target_channels)

    def forward(self, upper: Tensor, lower: Tensor) -> Tensor:
        """Predict the lower level.

        Args:
            upper: (..., C_l), motion of level l at some positions.
            lower: (..., C_{l-1}), of the level below at the same ones.

        Returns:
            (num_steps, ..., C_{l-1}), delta = 1 first.
        """
        hidden = F.relu(self.hidden(torch.cat([upper, lower], dim=-1)))
        steps = self.steps(hidden).unflatten(-1, (self.num_steps, -1))
        return steps.movedim(-2, 0)

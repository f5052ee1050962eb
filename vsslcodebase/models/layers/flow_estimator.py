"""Optical flow from motion features (HCML, Yang et al. 2020, Section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModule, normal_init
from torch import Tensor, nn

from vsslcodebase.utils.precision import float32_math


class FlowEstimator(BaseModule):
    """Five densely connected convolutions, then one that gives the flow.

    The input of each is the outputs of all before it and the features. It is
    dropped when the network has been trained.

    Args:
        in_channels: C of the features.
        channels: Of the outputs. HCML does not print them; these are those
            of PWC-Net (Sun et al. 2018), whose estimator it resembles.
        init_cfg: Weight initialisation, mmengine's.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int] = (128, 128, 96, 64, 32),
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.layers = nn.ModuleList()
        for width in channels:
            conv = nn.Conv2d(in_channels, width, 3, padding=1)
            self.layers.append(nn.Sequential(conv, nn.LeakyReLU(0.1)))
            in_channels += width
        self.predict_flow = nn.Conv2d(in_channels, 2, 3, padding=1)
        self._start_at_rest()

    def init_weights(self) -> None:
        """Initialise; the first flow is close to zero."""
        super().init_weights()
        self._start_at_rest()

    def _start_at_rest(self) -> None:
        """Let the first flow be a small fraction of a pixel.

        The photometric loss sees the neighbourhood of where a flow points
        to, so training finds small motions from there, and large ones later.
        """
        normal_init(self.predict_flow, std=1e-3)

    def forward(self, motion: Tensor) -> Tensor:
        """Estimate flow.

        Args:
            motion: (N, C, H, W), motion features of single frames.

        Returns:
            (N, 2, H, W) float32: where each pixel is in the next frame,
            (u right, v down) in pixels of this grid.
        """
        for layer in self.layers:
            motion = torch.cat([layer(motion), motion], dim=1)
        return self._flow(motion)

    @float32_math
    def _flow(self, feats: Tensor) -> Tensor:
        """Predict in float32: bfloat16 knows a flow of 5 to 0.03 pixels."""
        return self.predict_flow(feats.float())

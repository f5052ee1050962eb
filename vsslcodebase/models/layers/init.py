"""Weights of the layers that hold bare matrices."""

from __future__ import annotations

import torch
from torch import nn


def linear_weight(out_channels: int, in_channels: int) -> nn.Parameter:
    """Make a matrix as ``nn.Linear`` does: uniform in +-1/sqrt(in_channels).

    Args:
        out_channels: rows; 0 is allowed.
        in_channels: columns.

    Returns:
        A parameter (out_channels, in_channels).
    """
    bound = in_channels**-0.5
    weight = torch.empty(out_channels, in_channels).uniform_(-bound, bound)
    return nn.Parameter(weight)

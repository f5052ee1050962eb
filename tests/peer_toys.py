"""What the parity tests of all importers share."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn


def shake(network: nn.Module, seed: int = 0) -> nn.Module:
    """Draw weights and norm statistics at random; put in eval mode.

    Norms as they are built (0, 1, 1, 0) would hide a swapped tensor; small
    weights would let the biases drown the clip in a deep network.
    """
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


def random_clip(*shape: int) -> Tensor:
    """Return a clip (N, 3, T, H, W) as a network sees it."""
    generator = torch.Generator().manual_seed(7)
    return torch.randn(shape, generator=generator)


def random_frames(*shape: int) -> Tensor:
    """Return uint8 frames of a shape."""
    generator = torch.Generator().manual_seed(7)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


@torch.no_grad()
def assert_same_features(
    ours: nn.Module, theirs: Tensor, clip: Tensor, tolerance: float = 1e-5
) -> None:
    """Compare the map (N, C, t, h, w) of the last stage, and its mean.

    The tolerance is relative to the largest feature.
    """
    features = ours(clip)
    assert features.shape == theirs.shape
    scale = theirs.abs().max()
    assert scale > 0.01
    assert (features - theirs).abs().max() / scale < tolerance
    pooled = theirs.mean((2, 3, 4)) - features.mean((2, 3, 4))
    assert pooled.abs().max() / scale < tolerance
    # or else nothing was compared
    assert (ours(-clip) - features).abs().max() / scale > 0.01


def only_file(folder: Path) -> Path:
    """Return the one file of a folder."""
    (path,) = folder.iterdir()
    return path

"""Where a network looks: its activations over the frames (Pace, Fig. 5).

The map is that of attention transfer (Zagoruyko & Komodakis, ICLR 2017,
Section 3.1): the sum over channels of the squared activations.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vsslcodebase.evaluation.layers import LayerReader


def attention_map(maps: Tensor, size: tuple[int, int, int]) -> Tensor:
    """Sum the squares over channels and enlarge to the clip.

    Args:
        maps: (N, C, t, h, w) activations of a layer.
        size: (T, H, W) of the clip.

    Returns:
        (N, T, H, W) float32, at least 0; see ``enlarge``.

    Raises:
        ValueError: The layer gives no map over time and space.
    """
    check_map(maps)
    return enlarge(maps.float().square().sum(1), size)


def check_map(maps: Tensor) -> None:
    """Raise unless a layer gave a map (N, C, t, h, w)."""
    if maps.ndim != 5:
        raise ValueError(
            'attention needs a layer with a map (N, C, t, h, w), got '
            f'{tuple(maps.shape)}'
        )


def enlarge(cells: Tensor, size: tuple[int, int, int]) -> Tensor:
    """Spread (N, t, h, w) cells evenly over a clip, (N, T, H, W).

    Trilinear between the cells. (Cells of strided convolutions with padding
    see up to half a cell further up, left and early.)
    """
    return F.interpolate(
        cells[:, None], size=size, mode='trilinear', align_corners=False
    )[:, 0]


@torch.no_grad()
def clip_attention(
    model: Any, batch: dict[str, Any], reader: LayerReader
) -> NDArray[np.float32]:
    """Return (V, T, H, W) attention of the V clips of one video.

    Args:
        model: With ``data_preprocessor``, in eval mode.
        batch: Of one video, collated.
        reader: Of the model's backbone; its pooling is not used.
    """
    data = model.data_preprocessor(batch, training=False)
    clips = data['inputs'].flatten(0, 1)  # (V, C, T, H, W)
    size = tuple(clips.shape[2:])
    return attention_map(reader.read_map(clips), size).cpu().numpy()


def scaled(attention: NDArray) -> NDArray[np.float32]:
    """Stretch one clip's attention (T, H, W) to [0, 1]; all equal is 0."""
    low, high = float(attention.min()), float(attention.max())
    if high <= low:
        return np.zeros(attention.shape, np.float32)
    return ((attention - low) / (high - low)).astype(np.float32)


def overlay(
    frames: NDArray[np.uint8], attention: NDArray, strength: float = 0.7
) -> NDArray[np.uint8]:
    """Colour frames by attention, from blue over green to red.

    The colour fades with the attention, so that a frame is seen as it is
    where there is none.

    Args:
        frames: (T, H, W, 3) RGB uint8.
        attention: (T, H, W) in [0, 1].
        strength: Share of the colour where attention is 1; 0 leaves the
            frames alone.

    Returns:
        (T, H, W, 3) RGB uint8.

    Raises:
        ValueError: The two differ in size, or ``strength`` is out of range.
    """
    if frames.shape[:3] != attention.shape or not 0 <= strength <= 1:
        raise ValueError(
            'overlay needs frames (T, H, W, 3), attention (T, H, W) and '
            f'strength in [0, 1], got {frames.shape}, {attention.shape}, '
            f'{strength}'
        )
    levels = (attention * 255).round().astype(np.uint8)
    colours = np.stack(
        [
            cv2.applyColorMap(level, cv2.COLORMAP_JET)[..., ::-1]
            for level in levels
        ]
    )
    share = strength * attention[..., None].astype(np.float32)
    mixed = (1 - share) * frames + share * colours
    return mixed.round().astype(np.uint8)

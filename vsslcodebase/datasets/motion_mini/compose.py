"""Lay sprites over frames: colour, scale, turn, blend."""

from __future__ import annotations

import cv2
import numpy as np


def two_tone(tones: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Map (H, W) tones in 0..1 to (H, W, 3) between (2, 3) colours."""
    return colors[0] + tones[..., None] * (colors[1] - colors[0])


def color_shape(
    shape: np.ndarray, colors: np.ndarray, contrast: float
) -> np.ndarray:
    """Colour a shape.

    Args:
        shape: (h, h, 2) tone and coverage in 0..1.
        colors: (2, 3) RGB in 0..255 for tone 0 and tone 1.
        contrast: 1 leaves the tones; 0 makes them all one half.

    Returns:
        (h, h, 4) float32 sprite: RGB in 0..255 times coverage, coverage.
    """
    tones = 0.5 + contrast * (shape[..., 0] - 0.5)
    alpha = shape[..., 1:]
    return np.concatenate([two_tone(tones, colors) * alpha, alpha], axis=2)


def lay_over(
    frames: np.ndarray,
    sprite: np.ndarray,
    xy: np.ndarray,
    diameter: np.ndarray,
    angle: np.ndarray,
) -> None:
    """Lay a moving sprite over frames, in place.

    Args:
        frames: (T, S, S, 3) float32 RGB.
        sprite: (h, h, 4) float32, RGB times coverage, coverage.
        xy: (T, 2) its centre in pixels; pixel i covers i to i + 1.
        diameter: (T,) side of its canvas in pixels.
        angle: (T,) turn in degrees, clockwise on the screen.
    """
    side = sprite.shape[0]
    largest = int(np.ceil(diameter.max()))
    if largest < side:  # average areas once: no aliasing in any frame
        sprite = cv2.resize(
            sprite, (largest, largest), interpolation=cv2.INTER_AREA
        )
        side = largest
    sprite = np.pad(sprite, ((1, 1), (1, 1), (0, 0)))  # smooth when turned
    moves = _moves(side, xy, diameter, angle)
    for frame, move in zip(frames, moves):
        layer = cv2.warpAffine(sprite, move, frame.shape[:2])
        frame *= 1 - layer[..., 3:]
        frame += layer[..., :3]


def _moves(
    side: int, xy: np.ndarray, diameter: np.ndarray, angle: np.ndarray
) -> np.ndarray:
    """Return (T, 2, 3) float32 maps from sprite to frame pixel indices.

    ``side`` is that of the canvas without its border of one pixel.
    """
    scale, phi = diameter / side, np.deg2rad(angle)
    cos, sin = scale * np.cos(phi), scale * np.sin(phi)
    turn = np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2)
    centre = np.full(2, (side + 1) / 2)  # index of the bordered centre
    shift = xy - 0.5 - turn @ centre
    return np.concatenate([turn, shift[..., None]], axis=2).astype('f4')

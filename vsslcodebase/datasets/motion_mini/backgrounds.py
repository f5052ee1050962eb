"""Procedural scenes: eight families of backgrounds."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Rng = np.random.Generator


def _rotated(
    rng: Rng, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Turn the coordinates by a random angle about a random origin."""
    phi = rng.uniform(0, 2 * np.pi)
    dx, dy = x - rng.random(), y - rng.random()
    cos, sin = np.cos(phi), np.sin(phi)
    return dx * cos + dy * sin, dy * cos - dx * sin


def _soft(wave: np.ndarray, sharpness: float = 2.5) -> np.ndarray:
    """Turn a wave in -1..1 into soft-edged bands in 0..1."""
    return np.clip(0.5 + sharpness * wave, 0.0, 1.0)


def _gradient(rng: Rng, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, v = _rotated(rng, x, y)
    return 0.5 + 0.5 * np.tanh(1.5 * (u + rng.uniform(-0.6, 0.6) * v * v))


def _stripes(rng: Rng, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, _ = _rotated(rng, x, y)
    return _soft(np.sin(2 * np.pi * rng.uniform(2.5, 5) * u))


def _checks(rng: Rng, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, v = _rotated(rng, x, y)
    pitch = 2 * np.pi * rng.uniform(1.5, 3)
    return _soft(np.sin(pitch * u) * np.sin(pitch * v), 5.0)


def _dots(rng: Rng, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, v = _rotated(rng, x, y)
    pitch = rng.uniform(3, 5)
    du, dv = (u * pitch) % 1.0 - 0.5, (v * pitch) % 1.0 - 0.5
    return _soft(rng.uniform(0.25, 0.35) - np.hypot(du, dv), 6.0)


def _bricks(rng: Rng, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    pitch = rng.uniform(4, 7)
    row = y * pitch + rng.random()
    column = x * pitch * 0.5 + 0.5 * (np.floor(row) % 2) + rng.random()
    near_row = np.abs((row % 1.0) - 0.5)
    near_column = np.abs((column % 1.0) - 0.5)
    return _soft(0.42 - np.maximum(near_row, near_column), 6.0)


def _rings(rng: Rng, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, v = _rotated(rng, x, y)
    return _soft(np.sin(2 * np.pi * rng.uniform(2.5, 4.5) * np.hypot(u, v)))


def _clouds(rng: Rng, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _noise(rng, x, y, cells=4)


def _shards(rng: Rng, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Cells about random points, each with a tone of its own."""
    points = rng.uniform(-0.2, 1.2, (14, 2)).astype(np.float32)
    dist = (x[..., None] - points[:, 0]) ** 2
    dist += (y[..., None] - points[:, 1]) ** 2
    return rng.random(14)[dist.argmin(axis=2)]


def _noise(rng: Rng, x: np.ndarray, y: np.ndarray, cells: int) -> np.ndarray:
    """Draw a smooth random field in 0..1 with ``cells`` bumps per frame."""
    grid = rng.random((cells + 1, cells + 1), np.float32)
    field = cv2.remap(
        grid,
        x * cells,
        y * cells,
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.clip(field, 0.0, 1.0)


Pattern = Callable[[Rng, np.ndarray, np.ndarray], np.ndarray]

SCENE_FAMILIES: dict[str, Pattern] = {
    'gradient': _gradient,
    'stripes': _stripes,
    'checks': _checks,
    'dots': _dots,
    'bricks': _bricks,
    'rings': _rings,
    'clouds': _clouds,
    'shards': _shards,
}


def draw_background(
    family: int, rng: Rng, size: int, margin: int, detail: float
) -> np.ndarray:
    """Draw a scene's pattern of tones, without colour.

    Args:
        family: Index into ``SCENE_FAMILIES``.
        rng: Of the video.
        size: Side of the frame in pixels: the unit of the pattern.
        margin: Pixels added on each side, for the camera to move in.
        detail: Weight of the fine octaves, 0 to 1.

    Returns:
        (size + 2 margin, size + 2 margin) float32 in 0..1.
    """
    side = size + 2 * margin
    grid = (np.arange(side, dtype=np.float32) + 0.5 - margin) / size
    x, y = np.meshgrid(grid, grid)
    tones = list(SCENE_FAMILIES.values())[family](rng, x, y)
    tones = tones.astype(np.float32)
    if detail:
        # Finer than any family, so that the family stays recognisable.
        octaves = [_noise(rng, x, y, cells) for cells in (9, 18, 36)]
        fine = sum(f / 2**i for i, f in enumerate(octaves)) / 1.75
        tones = (1 - detail / 2) * tones + detail * (fine - 0.5) + detail / 4
    return np.clip(tones, 0.0, 1.0)

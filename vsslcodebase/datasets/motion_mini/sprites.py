"""Procedural sprites: eight categories of shapes with textures.

A category is a silhouette; an instance has proportions and a texture of its
own. The same seed gives the same texture in every category, so that texture
says nothing about the category. No shape is round: a rotation can be seen.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Rng = np.random.Generator

CANVAS = 96  # px; a sprite is drawn once at this size and scaled when used
_SUPERSAMPLE = 4


def _arrow(rng: Rng) -> np.ndarray:
    neck, half = rng.uniform(-0.1, 0.25), rng.uniform(0.18, 0.3)
    wing = rng.uniform(0.65, 0.85)
    return np.array([
        (-0.9, -half), (neck, -half), (neck, -wing), (0.95, 0),
        (neck, wing), (neck, half), (-0.9, half),
    ])  # fmt: skip


def _bolt(rng: Rng) -> np.ndarray:
    w, s = rng.uniform(0.25, 0.4), rng.uniform(0.05, 0.2)
    return np.array([
        (s, -0.95), (s + w, -0.9), (0.15, -s), (0.65, -s),
        (-0.35, 0.95), (-0.1, s), (-0.6, s),
    ])  # fmt: skip


def _cross(rng: Rng) -> np.ndarray:
    a, b = rng.uniform(0.2, 0.3), rng.uniform(0.2, 0.3)
    short = rng.uniform(0.6, 0.8)
    return np.array([
        (-a, -0.95), (a, -0.95), (a, -b), (short, -b), (short, b), (a, b),
        (a, 0.95), (-a, 0.95), (-a, b), (-short, b), (-short, -b), (-a, -b),
    ])  # fmt: skip


def _crescent(rng: Rng) -> np.ndarray:
    gap, inner = rng.uniform(0.9, 1.1), rng.uniform(0.5, 0.62)
    out = np.linspace(gap, 2 * np.pi - gap, 24)
    outer = 0.95 * np.stack([np.cos(out), np.sin(out)], axis=1)
    back = out[::-1]
    hole = inner * np.stack([np.cos(back) + 0.2, np.sin(back)], axis=1)
    return np.concatenate([outer, hole])


def _ell(rng: Rng) -> np.ndarray:
    a, foot = rng.uniform(0.3, 0.5), rng.uniform(0.3, 0.5)
    return np.array([
        (-0.6, -0.8), (-0.6 + a, -0.8), (-0.6 + a, 0.75 - foot),
        (0.65, 0.75 - foot), (0.65, 0.75), (-0.6, 0.75),
    ])  # fmt: skip


def _fork(rng: Rng) -> np.ndarray:
    t, spine = rng.uniform(0.15, 0.2), rng.uniform(0.3, 0.45)
    x = -0.65 + spine
    return np.array([
        (-0.65, -0.75), (0.65, -0.75), (0.65, -0.75 + 2 * t),
        (x, -0.75 + 2 * t), (x, -t), (0.65, -t), (0.65, t), (x, t),
        (x, 0.75 - 2 * t), (0.65, 0.75 - 2 * t), (0.65, 0.75), (-0.65, 0.75),
    ])  # fmt: skip


def _tee(rng: Rng) -> np.ndarray:
    bar, stem = rng.uniform(0.35, 0.55), rng.uniform(0.18, 0.28)
    return np.array([
        (-0.7, -0.7), (0.7, -0.7), (0.7, -0.7 + bar), (stem, -0.7 + bar),
        (stem, 0.9), (-stem, 0.9), (-stem, -0.7 + bar), (-0.7, -0.7 + bar),
    ])  # fmt: skip


def _wedge(rng: Rng) -> np.ndarray:
    tip, low = rng.uniform(-0.5, -0.2), rng.uniform(0.55, 0.75)
    return np.array([(tip, -0.85), (0.75, low), (-0.75, low)])


SPRITE_CATEGORIES: dict[str, Callable[[Rng], np.ndarray]] = {
    'arrow': _arrow,
    'bolt': _bolt,
    'cross': _cross,
    'crescent': _crescent,
    'ell': _ell,
    'fork': _fork,
    'tee': _tee,
    'wedge': _wedge,
}


def draw_sprite(category: int, seed: tuple[int, ...]) -> np.ndarray:
    """Draw a sprite instance without colour.

    Args:
        category: Index into ``SPRITE_CATEGORIES``.
        seed: Of the instance.

    Returns:
        (CANVAS, CANVAS, 2) float32 in 0..1: texture tone, coverage (alpha).
    """
    rng = np.random.default_rng(seed)
    outline = list(SPRITE_CATEGORIES.values())[category](rng)
    side = CANVAS * _SUPERSAMPLE
    mask = np.zeros((side, side), np.uint8)
    # One pixel of border stays free, so that scaled edges are smooth.
    points = side / 2 + outline * (side / 2 - 2 * _SUPERSAMPLE)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 255)
    alpha = cv2.resize(mask, (CANVAS, CANVAS), interpolation=cv2.INTER_AREA)
    tone = _texture(np.random.default_rng((*seed, 1)))
    return np.stack([tone, alpha.astype(np.float32) / 255], axis=2)


def _texture(rng: Rng) -> np.ndarray:
    """Draw a (CANVAS, CANVAS) float32 two-tone pattern: checks or stripes.

    The finest period is a quarter of the object, which survives 4:2:0 chroma
    and an object ten pixels wide.
    """
    y, x = np.mgrid[0:CANVAS, 0:CANVAS].astype(np.float32) / CANVAS
    phi = rng.uniform(0, np.pi)
    u = x * np.cos(phi) + y * np.sin(phi)
    v = y * np.cos(phi) - x * np.sin(phi)
    wave = np.sin(2 * np.pi * (u * rng.uniform(2, 4) + rng.random()))
    if rng.random() < 0.5:
        wave *= np.sin(2 * np.pi * (v * rng.uniform(1.5, 3) + rng.random()))
    return np.clip(0.5 + 4.0 * wave, 0.0, 1.0).astype(np.float32)

"""Optical flow in colours.

Hue is the direction and saturation the length, as in Baker et al., "A
Database and Evaluation Methodology for Optical Flow", IJCV 2011, Section 4.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .clip_sheet import FONT, INK, PAPER

# Corners of the RGB cube from red to red, and the steps to the next: many
# where the eye tells hues apart
CORNERS = ((1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1))
STEPS = (15, 6, 4, 11, 13, 6)
TEXT_PX = 20
DIRECTIONS = {'right': (1, 0), 'left': (-1, 0), 'up': (0, -1), 'down': (0, 1)}


def colour_wheel() -> NDArray[np.float64]:
    """Return the 55 RGB colours of a circle, in [0, 1], red first.

    They run over yellow, green, cyan, blue and magenta back to red.
    """
    corners = np.array(CORNERS, float)
    arcs = [
        start + np.arange(steps)[:, None] / steps * (end - start)
        for start, end, steps in zip(corners, np.roll(corners, -1, 0), STEPS)
    ]
    return np.concatenate(arcs)


def longest_vector(flow: NDArray) -> float:
    """Return the greatest length in pixels; 0 where nothing is known.

    Args:
        flow: (..., 2, H, W); vectors that are not finite are left out.
    """
    lengths = np.hypot(flow[..., 0, :, :], flow[..., 1, :, :])
    return float(lengths[np.isfinite(lengths)].max(initial=0))


def flow_colours(
    flow: NDArray, longest: float | None = None
) -> NDArray[np.uint8]:
    """Colour each vector by where it points and how long it is.

    Right is red, down yellow, left cyan to blue, up blue to violet.

    Args:
        flow: (..., 2, H, W), (u right, v down) in pixels.
        longest: The length at which colours are full; the same number makes
            pictures comparable. Default: the longest of ``flow``.

    Returns:
        (..., H, W, 3) RGB uint8. White is no motion; what is longer than
        ``longest`` is darkened; black is not finite.

    Raises:
        ValueError: Another shape, or ``longest`` is negative.
    """
    flow = np.asarray(flow, float)
    if flow.ndim < 3 or flow.shape[-3] != 2:
        raise ValueError(
            f'flow must be (..., 2, H, W), u and v, got {flow.shape}'
        )
    longest = longest_vector(flow) if longest is None else longest
    if not longest >= 0:
        raise ValueError(f'longest is a length in pixels, got {longest}')
    u, v = flow[..., 0, :, :], flow[..., 1, :, :]
    known = np.isfinite(u) & np.isfinite(v)
    u, v = np.where(known, u, 0), np.where(known, v, 0)
    length = np.hypot(u, v)
    share = np.divide(length, longest or 1)[..., None]
    hues = _hues(np.arctan2(v, u))
    colours = np.where(share <= 1, 1 - share * (1 - hues), 0.75 * hues)
    colours[~known] = 0
    return (255 * colours).round().astype(np.uint8)


def _hues(angle: NDArray) -> NDArray[np.float64]:
    """Return full colours (..., 3) of angles, linear between the 55."""
    wheel = colour_wheel()
    place = angle / (2 * np.pi) * len(wheel)
    before = np.floor(place).astype(int)
    part = (place - before)[..., None]
    first, second = before % len(wheel), (before + 1) % len(wheel)
    return (1 - part) * wheel[first] + part * wheel[second]


def flow_legend(
    longest: float, unit: str = 'px', side: int = 112
) -> NDArray[np.uint8]:
    """Draw the wheel with its four directions and its radius.

    Args:
        longest: What the rim stands for, as ``flow_colours`` was given it.
        unit: Of the length; more lines may follow it, after line breaks.
        side: Width in pixels.

    Returns:
        (side + 20, side, 3) RGB uint8: arrows point where what has the
        colour of their tips moves.
    """
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    flow = np.stack(np.meshgrid(axis, axis))  # u right, v down
    wheel = flow_colours(flow, 1.0)
    wheel[np.hypot(*flow) > 1] = PAPER
    centre = side // 2
    for u, v in DIRECTIONS.values():
        tip = (
            round(centre + 0.36 * side * u),
            round(centre + 0.36 * side * v),
        )
        cv2.arrowedLine(
            wheel, (centre, centre), tip, INK, 1, cv2.LINE_AA, tipLength=0.25
        )
    rows = [wheel]
    for text in f'rim {longest:.3g} {unit}'.split('\n'):
        bar = np.full((TEXT_PX, side, 3), PAPER, np.uint8)
        cv2.putText(bar, text, (2, 14), FONT, 0.38, INK, 1, cv2.LINE_AA)
        rows.append(bar)
    return np.concatenate(rows)

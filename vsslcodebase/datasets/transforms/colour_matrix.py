"""Changes of colours as affine maps of RGB, composed into one per clip.

Every operation of :mod:`.augment_colour` is affine in the colour of a pixel,
or, with hue, can be replaced by one that is. A whole chain, and the step from
YUV to RGB before it, is then one (3, 4) matrix: ``new = m[:, :3] @ old +
m[:, 3]``, on 0..255. Only at the end are colours clipped to that range, where
the chain clips, and rounds, after every operation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .clip_plan import ColourChange

# Luma of ITU-R BT.601, the grey of PIL, OpenCV and torchvision
GREY_WEIGHTS = np.array([0.299, 0.587, 0.114])

# NTSC's YIQ: luma, and a plane of chroma in which hue is an angle.
_TO_YIQ = np.array(
    [GREY_WEIGHTS, [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]]
)
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


def affine(linear: np.ndarray, offset: float = 0.0) -> np.ndarray:
    """Return (3, 4) of a (3, 3) matrix and what is added to all channels."""
    return np.hstack([linear, np.full((3, 1), offset)])


def compose(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the (3, 4) map that does ``first``, then ``second``."""
    composed: np.ndarray = second[:, :3] @ first
    composed[:, 3] += second[:, 3]
    return composed


def _brightness(factor: float, mean: np.ndarray) -> np.ndarray:
    return affine(factor * np.eye(3))


def _contrast(factor: float, mean: np.ndarray) -> np.ndarray:
    grey = float(GREY_WEIGHTS @ mean)
    return affine(factor * np.eye(3), (1 - factor) * grey)


def _saturation(factor: float, mean: np.ndarray) -> np.ndarray:
    return affine(factor * np.eye(3) + (1 - factor) * GREY_WEIGHTS)


def _hue(turn: float, mean: np.ndarray) -> np.ndarray:
    """Turn the chroma of YIQ by a share of the full circle.

    It keeps luma, where a turn of HSV's hue keeps the largest channel. The
    two turn in the same sense, and by the same angle on average.
    """
    angle = 2 * np.pi * turn
    cos, sin = np.cos(angle), np.sin(angle)
    # From I towards -Q, as HSV's hue goes from red over yellow to green
    rotation = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])
    return affine(_FROM_YIQ @ rotation @ _TO_YIQ)


def _grey(amount: float, mean: np.ndarray) -> np.ndarray:
    return _saturation(0.0, mean)


_AFFINE: dict[str, Callable[[float, np.ndarray], np.ndarray]] = {
    'brightness': _brightness,
    'contrast': _contrast,
    'saturation': _saturation,
    'hue': _hue,
    'grey': _grey,
}


def colour_matrix(
    changes: Sequence[ColourChange], start: np.ndarray, mean: Sequence[float]
) -> np.ndarray:
    """Return the (3, 4) map of all changes, one after the other.

    Args:
        changes: What is done, in this order.
        start: (3, 4) float64, from the values that there are to RGB.
        mean: (3,) mean of these values over the clip, for contrast.
    """
    matrix = np.asarray(start, np.float64)
    values = np.array([*mean, 1.0])
    for name, amount in changes:
        matrix = compose(_AFFINE[name](amount, matrix @ values), matrix)
    return matrix

"""What changes in a video without being its motion class.

Every draw follows the same law in every class, and time runs through it
before a video is reversed, so none of it can tell a class from its reverse.
"""

from __future__ import annotations

import cv2
import numpy as np

Rng = np.random.Generator


def band_limited(
    rng: Rng, num_frames: int, amplitude: float, channels: int = 1
) -> np.ndarray:
    """Draw smooth random curves: five sines of 1 to 6 cycles a video.

    Returns:
        (num_frames, channels) within -amplitude..amplitude.
    """
    clock = np.linspace(0, 2 * np.pi, num_frames)[:, None, None]
    cycles = rng.uniform(1, 6, (channels, 5))
    phase = rng.uniform(0, 2 * np.pi, (channels, 5))
    weight = rng.dirichlet(np.ones(5), channels)  # sums to 1: never beyond
    return amplitude * (weight * np.sin(clock * cycles + phase)).sum(axis=2)


def camera_path(
    rng: Rng, num_frames: int, jitter: float, pan: float
) -> np.ndarray:
    """Draw where the camera looks: a steady pan and a shake.

    Returns:
        (num_frames, 2) shift in units of the frame's side; both coordinates
        within jitter + pan / 2.
    """
    phi, way = rng.uniform(0, 2 * np.pi), rng.uniform(0, pan)
    axis = np.array([np.cos(phi), np.sin(phi)])
    steady = way * np.linspace(-0.5, 0.5, num_frames)[:, None] * axis
    return steady + band_limited(rng, num_frames, jitter, 2)


def draw_colors(rng: Rng, spread: float) -> dict[str, np.ndarray]:
    """Draw the palette of a video between the shared one and one of its own.

    Args:
        rng: Of the video.
        spread: 0, the shared palette; 1, any colours.

    Returns:
        Two (3,) float32 RGB colours in 0..255 each for ``object``, ``scene``
        and ``panel``, as (2, 3) arrays.
    """
    hue = rng.random(3)
    own = {
        'object': _pair(hue[0], hue[0] + rng.uniform(0.2, 0.8), 0.85, 1.0),
        'scene': _pair(hue[1], hue[1] + rng.uniform(-0.2, 0.2), 0.45, 0.55),
        'panel': _pair(hue[2], hue[2] + 0.05, 0.4, 0.6),
    }
    shared = {
        'object': np.array([[225, 60, 40], [250, 225, 90]]),
        'scene': np.array([[55, 75, 95], [165, 175, 170]]),
        'panel': np.array([[60, 70, 60], [110, 120, 100]]),
    }
    return {
        name: ((1 - spread) * shared[name] + spread * own[name]).astype('f4')
        for name in shared
    }


def _pair(
    first: float, second: float, saturation: float, value: float
) -> np.ndarray:
    """Return a darker and a lighter RGB colour of the given hues (0..1)."""
    hsv = np.array(
        [
            [
                [first % 1, saturation, 0.6 * value],
                [second % 1, 0.7 * saturation, value],
            ]
        ],
        np.float32,
    )
    hsv[..., 0] *= 360
    return 255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0]


def apply_light(rng: Rng, frames: np.ndarray, amount: float) -> None:
    """Let the brightness drift over time and fall off across the frame.

    Args:
        rng: Of the video.
        frames: (T, H, W, 3) float32, changed in place.
        amount: Largest relative change of either kind.
    """
    T, H, W, _ = frames.shape
    phi = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:H, 0:W]
    slope = np.cos(phi) * (x / W - 0.5) + np.sin(phi) * (y / H - 0.5)
    shade = 1 + amount * rng.uniform(0, 1) * slope
    drift = 1 + band_limited(rng, T, amount)[:, 0]
    frames *= drift[:, None, None, None].astype('f4')
    frames *= shade[:, :, None].astype('f4')


def apply_grain(rng: Rng, frames: np.ndarray, highest: float) -> None:
    """Add grey noise, new in each frame, in place.

    Args:
        rng: Of the video.
        frames: (T, H, W, 3) float32 in 0..255.
        highest: Upper end of the standard deviation, drawn once per video.
    """
    noise = rng.standard_normal(frames.shape[:3], dtype=np.float32)
    frames += np.float32(rng.uniform(0.3, 1.0) * highest) * noise[..., None]


def apply_blur(rng: Rng, frames: np.ndarray, highest: float) -> None:
    """Blur all frames alike, in place.

    Args:
        rng: Of the video.
        frames: (T, H, W, 3) float32.
        highest: Upper end of the standard deviation in pixels.
    """
    sigma = rng.uniform(0, highest)
    if sigma < 0.2:  # px; a narrower kernel is the identity in effect
        return
    for frame in frames:
        cv2.GaussianBlur(frame, (0, 0), sigma, dst=frame)

"""Motion classes of motion-mini: one process per time-reversal pair.

A process is drawn forwards only; the second class of a pair is the finished
video played backwards. So both classes of a pair have, by construction, the
same distribution of sets of frames, whatever nuisances are added later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Rng = np.random.Generator

# pair: (forward class, the same process played backwards)
MOTION_PAIRS: dict[str, tuple[str, str]] = {
    'horizontal': ('move right', 'move left'),
    'vertical': ('move up', 'move down'),
    'depth': ('approach', 'recede'),
    'rotation': ('rotate clockwise', 'rotate counterclockwise'),
    'orbit': ('orbit clockwise', 'orbit counterclockwise'),
    'occlusion': ('hide', 'emerge'),
    'distance': ('come together', 'move apart'),
    'speed': ('speed up', 'slow down'),
    'diagonal': ('move up right', 'move down left'),
    'antidiagonal': ('move up left', 'move down right'),
}
CANONICAL_PAIRS = tuple(MOTION_PAIRS)[:8]  # the 16 classes of motion-mini
# Eight directions of one object on a straight path: the easy levels.
STRAIGHT_PAIRS = ('horizontal', 'vertical', 'diagonal', 'antidiagonal')


class Process(NamedTuple):
    """What moves how, in units of the frame's side; y points down.

    Args:
        xy: (N, T, 2) centres of the N moving objects.
        scale: (N, T) factor on the object's diameter.
        angle: (N, T) rotation in degrees, clockwise on the screen.
        hidden_at: (2,) centre of a panel in front of the objects, or None.
    """

    xy: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    hidden_at: np.ndarray | None = None


def draw_process(
    pair: str, rng: Rng, num_frames: int, diameter: float, travel: float
) -> Process:
    """Draw the forward process of a pair.

    Args:
        pair: A key of ``MOTION_PAIRS``.
        rng: Source of start, extent and, where the pair leaves it open, axis.
        num_frames: T.
        diameter: Of the object, in units of the frame's side.
        travel: Way on a straight path over the video, in the same unit.
    """
    clock = np.linspace(0.0, 1.0, num_frames)  # 0 first frame, 1 last frame
    return _PROCESSES[pair](rng, clock, diameter, travel)


def _process(
    xy: np.ndarray,
    scale: np.ndarray | None = None,
    angle: np.ndarray | None = None,
) -> Process:
    """Complete a single object's process with what stays constant."""
    T = len(xy)
    scale = np.ones(T) if scale is None else scale
    angle = np.zeros(T) if angle is None else angle
    return Process(xy[None], scale[None], angle[None])


def _place(rng: Rng, offsets: np.ndarray, diameter: float) -> np.ndarray:
    """Shift (T, 2) offsets to a random place where the path is in view.

    The object's centre keeps three quarters of its radius from the border; a
    path that is too long for that is centred.
    """
    low, high = offsets.min(axis=0), offsets.max(axis=0)
    margin = 0.375 * diameter
    slack = np.maximum(1.0 - 2 * margin - (high - low), 0.0)
    centre = 0.5 + (rng.random(2) - 0.5) * slack
    return offsets - (low + high) / 2 + centre


def _axis(rng: Rng) -> np.ndarray:
    """Draw a unit vector."""
    phi = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(phi), np.sin(phi)])


def _straight(x: float, y: float) -> Callable[..., Process]:
    """Make the process of a path in the direction (x, y), y down."""
    axis = np.array([x, y]) / np.hypot(x, y)

    def process(
        rng: Rng, clock: np.ndarray, diameter: float, travel: float
    ) -> Process:
        offsets = travel * clock[:, None] * axis
        return _process(_place(rng, offsets, diameter))

    return process


def _approach(
    rng: Rng, clock: np.ndarray, diameter: float, travel: float
) -> Process:
    """Grow at a constant rate: the depth of the object falls as 1 / scale."""
    growth = 1.0 + travel * rng.uniform(1.8, 2.6)
    scale = growth ** (clock - 0.5)
    still = np.zeros((len(clock), 2))
    return _process(_place(rng, still, diameter * scale[-1]), scale)


def _rotate(
    rng: Rng, clock: np.ndarray, diameter: float, travel: float
) -> Process:
    """Turn clockwise, in total less than a full turn."""
    angle = travel * rng.uniform(300, 460) * clock
    still = np.zeros((len(clock), 2))
    return _process(_place(rng, still, diameter), angle=angle)


def _orbit(
    rng: Rng, clock: np.ndarray, diameter: float, travel: float
) -> Process:
    """Go clockwise round a circle without turning."""
    radius = rng.uniform(0.18, 0.26)
    phi = rng.uniform(0, 2 * np.pi) + travel * 7.0 * clock
    circle = radius * np.stack([np.cos(phi), np.sin(phi)], axis=1)
    return _process(_place(rng, circle, diameter))


def _hide(
    rng: Rng, clock: np.ndarray, diameter: float, travel: float
) -> Process:
    """Move behind a panel until nothing is left to see."""
    reach = max(travel, 1.1 * diameter)  # free of the panel at the start
    offsets = reach * clock[:, None] * _axis(rng)
    xy = _place(rng, offsets, diameter)
    return _process(xy)._replace(hidden_at=xy[-1])


def _together(
    rng: Rng, clock: np.ndarray, diameter: float, travel: float
) -> Process:
    """Let two objects approach each other until they touch."""
    axis = _axis(rng)
    way = min(travel, 1.0 - 1.75 * diameter)  # both must be in view
    apart = 0.5 * (diameter + way * (1.0 - clock))
    offset = apart[:, None] * axis
    both = _place(rng, np.concatenate([offset, -offset]), diameter)
    T = len(clock)
    xy = both.reshape(2, T, 2)
    return Process(xy, np.ones((2, T)), np.zeros((2, T)))


def _speed_up(
    rng: Rng, clock: np.ndarray, diameter: float, travel: float
) -> Process:
    """Accelerate from rest along any axis."""
    offsets = travel * (clock**2.5)[:, None] * _axis(rng)
    return _process(_place(rng, offsets, diameter))


_PROCESSES: dict[str, Callable[..., Process]] = {
    'horizontal': _straight(1, 0),
    'vertical': _straight(0, -1),
    'depth': _approach,
    'rotation': _rotate,
    'orbit': _orbit,
    'occlusion': _hide,
    'distance': _together,
    'speed': _speed_up,
    'diagonal': _straight(1, -1),
    'antidiagonal': _straight(-1, -1),
}

"""Difficulty of motion-mini as a dial: the knobs and their presets."""

from __future__ import annotations

import dataclasses
from typing import Any

from .motions import CANONICAL_PAIRS, MOTION_PAIRS, STRAIGHT_PAIRS

Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Knobs:
    """Everything that decides how a video of motion-mini looks.

    Lengths are fractions of the frame's side, so that a level means the same
    at every ``size``. A range is drawn from uniformly, once per video.

    Args:
        size: Height and width in pixels; even.
        num_frames: Frames per video.
        pairs: Time-reversal pairs of motions, keys of ``MOTION_PAIRS``.
        object_size: Diameter of the moving object.
        travel: Way of an object on a path over the whole video (speed).
        object_contrast: Between the two tones of an object's texture, 0 to 1.
        color_spread: 0, all videos share their colours; 1, each video has
            colours of its own.
        instances: Sprite instances per category in the training split (val
            and test have their own, a quarter as many each).
        spin: Spread of the object's orientation in degrees (360 is any).
        mirror: Whether half of the sprites are mirrored.
        background_contrast: 0 (flat grey) to 1.
        detail: Weight of the fine, photo-like octaves in backgrounds, 0 to 1.
        jitter: Amplitude of the band-limited shake of the camera.
        pan: Largest way of the camera's steady pan over the video.
        tremor: Amplitude of the band-limited shake of the object.
        clutter: Still small shapes in the scene, at most.
        second_object: Share of the videos with a still second object.
        panel: Share of the videos with a still panel.
        light: Amplitude of the change of light over time and over the frame.
        grain: Standard deviation of the noise in 8-bit grey levels, at most.
        blur: Standard deviation of the blur, at most.
    """

    size: int = 112
    num_frames: int = 48
    pairs: tuple[str, ...] = CANONICAL_PAIRS
    object_size: Range = (0.28, 0.40)
    travel: Range = (0.45, 0.65)
    object_contrast: float = 1.0
    color_spread: float = 0.3
    instances: int = 32
    spin: float = 360.0
    mirror: bool = True
    background_contrast: float = 0.25
    detail: float = 0.0
    jitter: float = 0.0
    pan: float = 0.0
    tremor: float = 0.0
    clutter: int = 0
    second_object: float = 0.0
    panel: float = 0.0
    light: float = 0.0
    grain: float = 0.0
    blur: float = 0.0

    def __post_init__(self) -> None:
        """Check every knob; a ``ValueError`` names the one to change."""
        for field in dataclasses.fields(self):
            if field.name != 'pairs':
                _check_knob(field.name, getattr(self, field.name))
        unknown = [name for name in self.pairs if name not in MOTION_PAIRS]
        if unknown or not self.pairs:
            raise ValueError(
                f'pairs must name some of {list(MOTION_PAIRS)}, got '
                f'{list(self.pairs)}'
            )
        if len(set(self.pairs)) != len(self.pairs):
            raise ValueError(f'pairs names one twice: {list(self.pairs)}')
        if self.size % 2 or self.size < 16:
            raise ValueError(
                'size must be even (4:2:0 chroma) and at least 16, got '
                f'{self.size}'
            )
        if self.num_frames < 2:
            raise ValueError(
                f'num_frames must be at least 2, got {self.num_frames}'
            )

    @property
    def motion_names(self) -> list[str]:
        """Names of the classes; class 2p + 1 is class 2p played backwards."""
        return [name for pair in self.pairs for name in MOTION_PAIRS[pair]]


# Highest sensible value of each knob; the lowest is 0.
_HIGHEST = {
    'size': 4096,
    'num_frames': 100_000,
    'object_size': 1.0,
    'travel': 2.0,
    'object_contrast': 1.0,
    'color_spread': 1.0,
    'instances': 100_000,
    'spin': 360.0,
    'mirror': 1,
    'background_contrast': 1.0,
    'detail': 1.0,
    'jitter': 0.5,
    'pan': 1.0,
    'tremor': 0.5,
    'clutter': 100,
    'second_object': 1.0,
    'panel': 1.0,
    'light': 1.0,
    'grain': 64.0,
    'blur': 0.2,
}


def _check_knob(name: str, value: Any) -> None:
    """Raise ``ValueError`` when a number lies outside its knob's range."""
    highest = _HIGHEST[name]
    numbers = value if isinstance(value, tuple) else (value,)
    if not all(0 <= number <= highest for number in numbers):
        raise ValueError(f'{name} must lie in 0..{highest}, got {value}')
    if isinstance(value, tuple) and (len(value) != 2 or value[0] > value[1]):
        raise ValueError(f'{name} must be (low, high), got {value}')
    if name in ('object_size', 'instances') and min(numbers) <= 0:
        raise ValueError(f'{name} must be positive, got {value}')


LEVELS: dict[str, Knobs] = {
    # One salient object on a straight path, faint background, shared
    # colours: a video has hardly an identity but its motion.
    'easy': Knobs(
        pairs=STRAIGHT_PAIRS,
        color_spread=0.0,
        spin=0.0,
        mirror=False,
        background_contrast=0.06,
    ),
    # Between easy and standard: motion order is learnt in minutes, and
    # telling the videos apart does not need it.
    'demo': Knobs(
        pairs=STRAIGHT_PAIRS,
        color_spread=0.15,
        background_contrast=0.15,
    ),
    # Identity is there, but not for free.
    'standard': Knobs(
        color_spread=0.3,
        background_contrast=0.25,
        tremor=0.01,
        light=0.05,
        grain=2.0,
    ),
    # Photo-like scenes, a camera, everything that may distract.
    'rich': Knobs(
        object_size=(0.22, 0.36),
        travel=(0.3, 0.6),
        color_spread=1.0,
        background_contrast=1.0,
        detail=0.6,
        jitter=0.02,
        pan=0.15,
        tremor=0.015,
        clutter=6,
        second_object=0.5,
        panel=0.5,
        light=0.2,
        grain=6.0,
        blur=0.006,
    ),
}


def level_knobs(level: str, **overrides: Any) -> Knobs:
    """Return the knobs of a preset with single ones replaced.

    Args:
        level: A key of ``LEVELS``.
        **overrides: Fields of ``Knobs``.

    Raises:
        ValueError: If the level, a knob or a value is not a known one.
    """
    if level not in LEVELS:
        raise ValueError(f'level must be one of {list(LEVELS)}, got {level!r}')
    known = {field.name for field in dataclasses.fields(Knobs)}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise ValueError(f'unknown knobs {unknown}; there are {sorted(known)}')
    return dataclasses.replace(LEVELS[level], **overrides)

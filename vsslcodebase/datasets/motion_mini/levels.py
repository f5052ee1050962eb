"""Difficulty of motion-mini as a dial: the knobs and their presets."""

from __future__ import annotations

import dataclasses
from typing import Any

from .motions import CANONICAL_PAIRS, MOTION_PAIRS, STRAIGHT_PAIRS


def _knob(
    default: Any, most: float | None, says: str, least: float = 0
) -> Any:
    """Declare a field with its bounds and its help text."""
    bounds = {'least': least, 'most': most, 'says': says}
    return dataclasses.field(default=default, metadata=bounds)


@dataclasses.dataclass(frozen=True)
class Knobs:
    """Everything that decides how a video of motion-mini looks.

    Lengths are fractions of the frame's side, so that a level means the same
    at every ``size``. A (low, high) pair is drawn from uniformly, once per
    video. Each field says what it is in its metadata.

    Raises:
        TypeError: For a value that is no number, or no whole one.
        ValueError: For a value out of bounds; the message names the knob.
    """

    size: int = _knob(112, 4096, 'frame height and width in pixels, even', 16)
    num_frames: int = _knob(48, 100_000, 'frames per video', 2)
    pairs: tuple[str, ...] = _knob(
        CANONICAL_PAIRS, None, 'time-reversal pairs of motions'
    )
    object_size: tuple[float, float] = _knob(
        (0.28, 0.40), 1, 'diameter of the moving object', 0.02
    )
    travel: tuple[float, float] = _knob(
        (0.45, 0.65), 2, "an object's way over the video: its speed"
    )
    object_contrast: float = _knob(1.0, 1, "contrast of the object's texture")
    color_spread: float = _knob(
        0.3, 1, '0: all videos share their colours, 1: each has its own'
    )
    instances: int = _knob(
        32, 10_000, 'training sprites per category (a quarter in val, test)', 1
    )
    spin: float = _knob(
        360.0, 360, "spread of the object's orientation in degrees"
    )
    mirror: bool = _knob(True, 1, 'whether half of the sprites are mirrored')
    background_contrast: float = _knob(0.25, 1, '0: flat grey')
    detail: float = _knob(0.0, 1, 'fine, photo-like octaves in backgrounds')
    jitter: float = _knob(0.0, 0.5, 'amplitude of the shake of the camera')
    pan: float = _knob(0.0, 1, "largest way of the camera's steady pan")
    tremor: float = _knob(0.0, 0.5, 'amplitude of the shake of the object')
    clutter: int = _knob(0, 100, 'still small shapes in the scene, at most')
    second_object: float = _knob(
        0.0, 1, 'share of the videos with a still second object'
    )
    panel: float = _knob(0.0, 1, 'share of the videos with a still panel')
    light: float = _knob(
        0.0, 1, 'amplitude of changes of light over time and over the frame'
    )
    grain: float = _knob(0.0, 64, 'noise in 8-bit grey levels, at most')
    blur: float = _knob(0.0, 0.2, 'standard deviation of the blur, at most')
    sprite_dir: str = _knob(
        '', None, 'RGBA sprites in 8 sub-folders, the categories'
    )
    photo_dir: str = _knob(
        '', None, 'photos in 8 sub-folders, the scene families'
    )

    def __post_init__(self) -> None:
        """Check every knob."""
        for field in dataclasses.fields(self):
            if field.metadata['most'] is not None:
                _check(field, getattr(self, field.name))
        if self.size % 2:
            raise ValueError(
                f'size must be even (4:2:0 chroma), got {self.size}'
            )
        unknown = sorted(set(self.pairs) - set(MOTION_PAIRS))
        twice = len(set(self.pairs)) != len(self.pairs)
        if unknown or twice or not self.pairs:
            raise ValueError(
                f'pairs must name some of {list(MOTION_PAIRS)}, each once, '
                f'got {list(self.pairs)}'
            )

    @property
    def motion_names(self) -> list[str]:
        """Names of the classes; class 2p + 1 is class 2p played backwards."""
        return [name for pair in self.pairs for name in MOTION_PAIRS[pair]]


def _check(field: dataclasses.Field[Any], value: Any) -> None:
    """Raise unless a value has its knob's type and lies within its bounds."""
    name, least, most = field.name, *map(field.metadata.get, ('least', 'most'))
    ranged = isinstance(field.default, tuple)
    kind = int if isinstance(field.default, int) else (int, float)
    numbers = tuple(value) if ranged else (value,)
    if not all(isinstance(number, kind) for number in numbers):
        raise TypeError(
            f'{name} must be like {field.default!r}, got {value!r}'
        )
    if not all(least <= number <= most for number in numbers):
        raise ValueError(f'{name} must lie in {least}..{most}, got {value}')
    if ranged and (len(numbers) != 2 or numbers[0] > numbers[1]):
        raise ValueError(f'{name} must be (low, high), got {value}')


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
        color_spread=0.2,
        background_contrast=0.22,
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
    known = [field.name for field in dataclasses.fields(Knobs)]
    unknown = sorted(set(overrides) - set(known))
    if unknown:
        raise ValueError(f'unknown knobs {unknown}; there are {known}')
    return dataclasses.replace(LEVELS[level], **overrides)

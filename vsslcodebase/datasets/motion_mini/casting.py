"""Who plays in a video and where: its sprites and its backdrop."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .backgrounds import SCENE_FAMILIES, draw_background
from .compose import color_shape, two_tone
from .images import crop_photo, list_images, load_photo, load_sprite
from .levels import Knobs
from .plan import SPLITS, VideoPlan
from .sprites import CANVAS, SPRITE_CATEGORIES, draw_sprite

Rng = np.random.Generator
_INSTANCE_SEED = 7919  # sets sprite seeds apart from video seeds
# Instances return in many videos; clutter and panels do not.
_draw_instance = lru_cache(maxsize=512)(draw_sprite)


def class_names(knobs: Knobs) -> dict[str, list[str]]:
    """Return the names of each kind of label, in the order of the labels."""
    sprites = list_images(knobs.sprite_dir) if knobs.sprite_dir else None
    photos = list_images(knobs.photo_dir) if knobs.photo_dir else None
    return {
        'motion': knobs.motion_names,
        'appearance': list(sprites or SPRITE_CATEGORIES),
        'scene': list(photos or SCENE_FAMILIES),
    }


def object_sprite(
    plan: VideoPlan, knobs: Knobs, colors: np.ndarray, nth: int = 0
) -> np.ndarray:
    """Return a sprite of the plan's category and split.

    Args:
        plan: Of the video.
        knobs: For the source and the contrast of the sprite.
        colors: (2, 3) RGB of a procedural sprite; others bring their own.
        nth: 0 the plan's own instance; more, others.

    Returns:
        (CANVAS, CANVAS, 4) float32, RGB times coverage, coverage.
    """
    split, instance = plan.instance_of(nth, knobs.instances)
    if knobs.sprite_dir:
        groups = list(list_images(knobs.sprite_dir).values())
        files = groups[plan.appearance][split]
        return load_sprite(files[instance % len(files)], CANVAS)
    seed = (_INSTANCE_SEED, plan.scene_seed[0], split, instance)
    shape = _draw_instance(plan.appearance, seed)
    return color_shape(shape, colors, knobs.object_contrast)


def panel_sprite(plan: VideoPlan, colors: np.ndarray) -> np.ndarray:
    """Return a filled, faintly textured square in (2, 3) colours."""
    tone = draw_sprite(0, plan.scene_seed)[..., 0]
    shape = np.stack([tone, np.ones_like(tone)], axis=2)
    return color_shape(shape, colors, 0.5)


def clutter_sprite(rng: Rng, colors: np.ndarray) -> np.ndarray:
    """Return a random shape that is no category's instance."""
    category = int(rng.integers(len(SPRITE_CATEGORIES)))
    shape = draw_sprite(category, (int(rng.integers(1 << 30)),))
    return color_shape(shape, colors, 1.0)


def backdrop(
    plan: VideoPlan, knobs: Knobs, rng: Rng, colors: np.ndarray, margin: int
) -> np.ndarray:
    """Return the plan's scene at the contrast of the knobs.

    Args:
        plan: Of the video.
        knobs: For the source, the detail and the contrast.
        rng: Of the video.
        colors: (2, 3) RGB of a procedural scene; photos bring their own.
        margin: Pixels added on each side, for the camera to move in.

    Returns:
        (S, S, 3) float32 RGB in 0..255, S = size + 2 margin.
    """
    if knobs.photo_dir:
        groups = list(list_images(knobs.photo_dir).values())
        files = groups[plan.scene][SPLITS.index(plan.split)]
        photo = load_photo(files[rng.integers(len(files))])
        full = crop_photo(photo, rng, knobs.size + 2 * margin)
    else:
        tones = draw_background(
            plan.scene, rng, knobs.size, margin, knobs.detail
        )
        full = two_tone(tones, colors)
    grey = colors.mean(axis=0)  # what a scene without contrast looks like
    return (grey + knobs.background_contrast * (full - grey)).astype('f4')

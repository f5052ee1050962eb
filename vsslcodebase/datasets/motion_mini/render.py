"""From a plan to the pixels of one video of motion-mini."""

from __future__ import annotations

import cv2
import numpy as np

from .backgrounds import draw_background
from .levels import Knobs
from .motions import Process, draw_process
from .nuisance import (
    apply_blur,
    apply_grain,
    apply_light,
    band_limited,
    camera_path,
    draw_colors,
)
from .plan import VideoPlan
from .sprites import CANVAS, SPRITE_CATEGORIES, draw_sprite

Rng = np.random.Generator

# Each part of a video has random numbers of its own, so that turning one
# knob leaves everything else in the video as it was.
_STREAMS = ('motion', 'object', 'color', 'scene', 'camera', 'clutter', 'film')
_INSTANCE_SEED = 7919  # sets sprite seeds apart from video seeds


def render_video(plan: VideoPlan, knobs: Knobs) -> np.ndarray:
    """Render one video; the same plan and knobs give the same pixels.

    Args:
        plan: What to show.
        knobs: How hard to make it.

    Returns:
        (T, H, W, 3) uint8 RGB, T = num_frames, H = W = size.
    """
    rng = {
        name: np.random.default_rng((*plan.scene_seed, i))
        for i, name in enumerate(_STREAMS)
    }
    stage = _Stage(plan, knobs, rng)
    frames = stage.film()
    if knobs.light:
        apply_light(rng['film'], frames, knobs.light)
    if knobs.blur:
        apply_blur(rng['film'], frames, knobs.blur * knobs.size)
    if knobs.grain:
        apply_grain(rng['film'], frames, knobs.grain)
    video = np.clip(frames + 0.5, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(video[::-1]) if plan.reversed else video


class _Stage:
    """A still scene, the objects that move in it, and a camera."""

    def __init__(
        self, plan: VideoPlan, knobs: Knobs, rng: dict[str, Rng]
    ) -> None:
        self.plan, self.knobs, self.rng = plan, knobs, rng
        self.colors = draw_colors(rng['color'], knobs.color_spread)
        self.mirrored = knobs.mirror and rng['object'].random() < 0.5
        self.diameter = rng['motion'].uniform(*knobs.object_size)
        travel = rng['motion'].uniform(*knobs.travel)
        self.process: Process = draw_process(
            plan.pair, rng['motion'], knobs.num_frames, self.diameter, travel
        )
        self.camera = camera_path(
            rng['camera'], knobs.num_frames, knobs.jitter, knobs.pan
        )
        reach = knobs.jitter + knobs.pan / 2
        self.margin = int(np.ceil(reach * knobs.size)) + 1 if reach else 0
        self.world = self._draw_world()

    def film(self) -> np.ndarray:
        """Return (T, size, size, 3) float32 frames before light and grain."""
        frames = self._shoot_world()
        objects = self._colored_sprites(len(self.process.xy))
        tremor = band_limited(
            self.rng['object'], self.knobs.num_frames, self.knobs.tremor, 2
        )
        tilt = (self.rng['object'].random() - 0.5) * self.knobs.spin
        for i, sprite in enumerate(objects):
            self._composite(
                frames,
                sprite,
                self.process.xy[i] + tremor - self.camera,
                self.process.scale[i] * self.diameter,
                self.process.angle[i] + tilt,
            )
        if self.process.hidden_at is not None:
            self._composite_panel(frames, self.process.hidden_at)
        return frames

    def _draw_world(self) -> np.ndarray:
        """Return (S, S, 3) float32, S = size + 2 margin: all that is still."""
        knobs, rng = self.knobs, self.rng
        tones = draw_background(
            self.plan.scene,
            rng['scene'],
            knobs.size,
            self.margin,
            knobs.detail,
        )
        full = _two_tone(tones, self.colors['scene'])
        grey = self.colors['scene'].mean(axis=0)
        world = grey + knobs.background_contrast * (full - grey)
        world = world.astype(np.float32)
        self._add_still_things(world)
        return world

    def _add_still_things(self, world: np.ndarray) -> None:
        """Paint clutter, a second object and a panel, each in its share.

        Each is drawn whether shown or not, so that the rest stays the same.
        """
        rng, knobs = self.rng['clutter'], self.knobs
        for _ in range(rng.integers(knobs.clutter + 1)):
            shape = draw_sprite(
                int(rng.integers(len(SPRITE_CATEGORIES))),
                (int(rng.integers(1 << 30)),),
            )
            tones = draw_colors(rng, knobs.color_spread)['panel']
            self._paint(
                world,
                _colored(shape, tones, 1.0),
                rng.random(2),
                rng.uniform(0.06, 0.12),
                rng.uniform(0, 360),
            )
        panel_at, panel_size = rng.random(2), rng.uniform(0.25, 0.45)
        if rng.random() < knobs.panel and self.process.hidden_at is None:
            self._paint(world, self._panel(), panel_at, panel_size, 0.0)
        second_at, tilt = rng.uniform(0.1, 0.9, 2), rng.uniform(0, 360)
        if rng.random() < knobs.second_object:
            sprite = self._colored_sprites(3)[2]
            self._paint(world, sprite, second_at, self.diameter, tilt)

    def _paint(
        self,
        world: np.ndarray,
        sprite: np.ndarray,
        xy: np.ndarray,
        diameter: float,
        angle: float,
    ) -> None:
        """Composite a still sprite at frame position ``xy`` of the scene."""
        size = self.knobs.size
        layer = _place_sprite(
            sprite,
            xy * size + self.margin,
            diameter * size,
            angle,
            world.shape[0],
        )
        world *= 1 - layer[..., 3:]
        world += layer[..., :3]

    def _shoot_world(self) -> np.ndarray:
        """Return what the camera sees of the still scene, frame by frame."""
        size, T = self.knobs.size, self.knobs.num_frames
        frames = np.empty((T, size, size, 3), np.float32)
        if not self.margin:
            frames[:] = self.world
            return frames
        for frame, shift in zip(frames, self.camera * size + self.margin):
            look = np.float32([[1, 0, shift[0]], [0, 1, shift[1]]])
            cv2.warpAffine(
                self.world,
                look,
                (size, size),
                dst=frame,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        return frames

    def _composite(
        self,
        frames: np.ndarray,
        sprite: np.ndarray,
        xy: np.ndarray,
        diameter: np.ndarray,
        angle: np.ndarray,
    ) -> None:
        """Lay a moving sprite over (T, H, W, 3) frames, in place."""
        size = self.knobs.size
        largest = int(np.ceil(diameter.max() * size))
        if largest < CANVAS:  # area-averaged once: no aliasing per frame
            sprite = cv2.resize(
                sprite, (largest, largest), interpolation=cv2.INTER_AREA
            )
            sprite = np.pad(sprite, ((1, 1), (1, 1), (0, 0)))
            diameter = diameter * (largest + 2) / largest
        for t, frame in enumerate(frames):
            layer = _place_sprite(
                sprite, xy[t] * size, diameter[t] * size, angle[t], size
            )
            frame *= 1 - layer[..., 3:]
            frame += layer[..., :3]

    def _composite_panel(self, frames: np.ndarray, at: np.ndarray) -> None:
        """Put the panel in front of what hides behind it."""
        side = np.full(len(frames), 1.15 * self.diameter)
        self._composite(
            frames, self._panel(), at - self.camera, side, 0 * side
        )

    def _panel(self) -> np.ndarray:
        """Return a filled, faintly textured square sprite."""
        tone = draw_sprite(0, self.plan.scene_seed)[..., 0]
        shape = np.stack([tone, np.ones_like(tone)], axis=2)
        return _colored(shape, self.colors['panel'], 0.5)

    def _colored_sprites(self, count: int) -> list[np.ndarray]:
        """Return ``count`` instances of the category in this video's colours.

        The first is the plan's own; more are others of the same split.
        """
        sprites = []
        for i in range(count):
            instance = self.plan.instance_of(i, self.knobs.instances)
            shape = draw_sprite(
                self.plan.appearance,
                (_INSTANCE_SEED, self.plan.scene_seed[0], *instance),
            )
            shape = shape[:, ::-1] if self.mirrored else shape
            sprites.append(
                _colored(
                    shape, self.colors['object'], self.knobs.object_contrast
                )
            )
        return sprites


def _two_tone(tones: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Map (H, W) tones in 0..1 to (H, W, 3) between two colours."""
    return colors[0] + tones[..., None] * (colors[1] - colors[0])


def _colored(
    shape: np.ndarray, colors: np.ndarray, contrast: float
) -> np.ndarray:
    """Colour a (H, W, 2) shape; returns premultiplied (H, W, 4) float32."""
    tones = 0.5 + contrast * (shape[..., 0] - 0.5)
    alpha = shape[..., 1:]
    return np.concatenate([_two_tone(tones, colors) * alpha, alpha], axis=2)


def _place_sprite(
    sprite: np.ndarray,
    xy: np.ndarray,
    diameter: float,
    angle: float,
    side: int,
) -> np.ndarray:
    """Warp a (h, h, 4) sprite into an empty (side, side, 4) layer.

    ``xy`` and ``diameter`` are in pixels; pixel i covers i..i+1; ``angle`` is
    in degrees, clockwise on the screen.
    """
    scale = diameter / sprite.shape[0]
    phi = np.deg2rad(angle)
    cos, sin = scale * np.cos(phi), scale * np.sin(phi)
    c = sprite.shape[0] / 2 - 0.5
    move = np.float32(
        [
            [cos, -sin, xy[0] - 0.5 - cos * c + sin * c],
            [sin, cos, xy[1] - 0.5 - sin * c - cos * c],
        ]
    )
    return cv2.warpAffine(sprite, move, (side, side), flags=cv2.INTER_LINEAR)

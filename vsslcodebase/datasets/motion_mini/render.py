"""From a plan to the pixels of one video of motion-mini."""

from __future__ import annotations

import cv2
import numpy as np

from .casting import backdrop, clutter_sprite, object_sprite, panel_sprite
from .compose import lay_over
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

Rng = np.random.Generator

# Each part of a video has random numbers of its own, so that turning one
# knob leaves everything else in the video as it was.
_STREAMS = ('motion', 'object', 'color', 'scene', 'camera', 'clutter', 'film')


def render_video(plan: VideoPlan, knobs: Knobs) -> np.ndarray:
    """Render one video; the same plan and knobs give the same pixels.

    Args:
        plan: What to show.
        knobs: How hard to make it.

    Returns:
        (T, H, W, 3) uint8 RGB, T = num_frames, H = W = size.

    Raises:
        ValueError: If an image of a given folder cannot be used.
    """
    rng = {
        name: np.random.default_rng((*plan.scene_seed, i))
        for i, name in enumerate(_STREAMS)
    }
    frames = _Stage(plan, knobs, rng).film()
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

    def film(self) -> np.ndarray:
        """Return (T, H, W, 3) float32 frames before light, blur and grain."""
        knobs, rng = self.knobs, self.rng
        world = backdrop(
            self.plan, knobs, rng['scene'], self.colors['scene'], self.margin
        )
        self._add_still_things(world)
        frames = self._shoot(world)
        tremor = band_limited(rng['object'], knobs.num_frames, knobs.tremor, 2)
        tilt = (rng['object'].random() - 0.5) * knobs.spin
        for i, xy in enumerate(self.process.xy):
            lay_over(
                frames,
                self._sprite(i),
                (xy + tremor - self.camera) * knobs.size,
                self.process.scale[i] * self.diameter * knobs.size,
                self.process.angle[i] + tilt,
            )
        if self.process.hidden_at is not None:
            self._cover(frames, self.process.hidden_at)
        return frames

    def _sprite(self, nth: int) -> np.ndarray:
        """Return the nth object's sprite in this video's colours."""
        sprite = object_sprite(
            self.plan, self.knobs, self.colors['object'], nth
        )
        return sprite[:, ::-1] if self.mirrored else sprite

    def _add_still_things(self, world: np.ndarray) -> None:
        """Paint clutter, a panel and a second object, each in its share."""
        rng, knobs = self.rng['clutter'], self.knobs
        for _ in range(rng.integers(knobs.clutter + 1)):
            colors = draw_colors(rng, knobs.color_spread)['panel']
            self._paint(world, clutter_sprite(rng, colors), 0.08, 0.16)
        if rng.random() < knobs.panel and self.process.hidden_at is None:
            panel = panel_sprite(self.plan, self.colors['panel'])
            self._paint(world, panel, 0.25, 0.45, spin=0.0)
        if rng.random() < knobs.second_object:
            self._paint(world, self._sprite(2), *knobs.object_size)

    def _paint(
        self,
        world: np.ndarray,
        sprite: np.ndarray,
        smallest: float,
        largest: float,
        spin: float = 360.0,
    ) -> None:
        """Paint a still sprite somewhere on the world, within the frame."""
        rng, size = self.rng['clutter'], self.knobs.size
        lay_over(
            world[None],
            sprite,
            rng.random((1, 2)) * size + self.margin,
            rng.uniform(smallest, largest, 1) * size,
            rng.uniform(0, spin, 1),
        )

    def _shoot(self, world: np.ndarray) -> np.ndarray:
        """Return what the camera sees of the still world, frame by frame."""
        size, T = self.knobs.size, self.knobs.num_frames
        frames = np.empty((T, size, size, 3), np.float32)
        if not self.margin:
            frames[:] = world
            return frames
        for frame, (x, y) in zip(frames, self.camera * size + self.margin):
            cv2.warpAffine(
                world,
                np.array([[1, 0, x], [0, 1, y]], np.float32),
                (size, size),
                dst=frame,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            )
        return frames

    def _cover(self, frames: np.ndarray, at: np.ndarray) -> None:
        """Put the panel in front of what hides behind it."""
        T, size = frames.shape[:2]
        lay_over(
            frames,
            panel_sprite(self.plan, self.colors['panel']),
            (at - self.camera) * size,
            np.full(T, 1.15 * self.diameter * size),
            np.zeros(T),
        )

"""Colour jitter and grey: one draw for all frames of ``imgs``, or one each.

For a video of several clips use them inside :class:`~.per_clip.PerClip`.
The functions take a clip (T, H, W, 3) of uint8 RGB and return a new one;
each rounds to the nearest value and clips to [0, 255].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from vsslcodebase.registry import TRANSFORMS

from .clip_plan import ClipPlan, ColourChange, FrameChanges
from .colour_matrix import GREY_WEIGHTS


def adjust_brightness(clip: np.ndarray, factor: float) -> np.ndarray:
    """Multiply by ``factor`` (>= 0; 0 is black, 1 changes nothing)."""
    return _map_values(clip, factor * np.arange(256))


def adjust_contrast(clip: np.ndarray, factor: float) -> np.ndarray:
    """Blend with the clip's mean grey (factor >= 0; 0 is that grey).

    torchvision takes the mean of each frame, which shifts frames by
    different amounts when a bright object enters: a flicker that a network
    could read time from. The mean of the clip gives all frames one mapping.
    """
    means = cv2.mean(_as_image(clip))[:3]
    grey = float(np.dot(GREY_WEIGHTS, means))
    return _map_values(clip, factor * np.arange(256) + (1 - factor) * grey)


def adjust_saturation(clip: np.ndarray, factor: float) -> np.ndarray:
    """Blend each pixel with its grey (factor >= 0; 0 is grey)."""
    matrix = factor * np.eye(3) + (1 - factor) * GREY_WEIGHTS  # row = out
    return cv2.transform(_as_image(clip), matrix).reshape(clip.shape)


def adjust_hue(clip: np.ndarray, turn: float) -> np.ndarray:
    """Add ``turn``, a share of the full circle in [-0.5, 0.5], to HSV's hue.

    Computed in float32: OpenCV's 8-bit HSV has only 180 hues.
    """
    image = _as_image(clip).astype(np.float32)
    image = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)  # hue in [0, 360) degrees
    # OpenCV takes hues up to 720 degrees, but none below 0.
    image = cv2.add(image, (360 * (turn % 1), 0, 0, 0))
    image = cv2.cvtColor(image, cv2.COLOR_HSV2RGB)
    return cv2.convertScaleAbs(image).reshape(clip.shape)


def to_grey(clip: np.ndarray) -> np.ndarray:
    """Return the luma in all three channels."""
    grey = cv2.cvtColor(_as_image(clip), cv2.COLOR_RGB2GRAY)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB).reshape(clip.shape)


def _remove_colour(clip: np.ndarray, amount: float) -> np.ndarray:
    return to_grey(clip)


_ADJUST: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    'brightness': adjust_brightness,
    'contrast': adjust_contrast,
    'saturation': adjust_saturation,
    'hue': adjust_hue,
    'grey': _remove_colour,
}


def change_colours(
    clip: np.ndarray, changes: Sequence[ColourChange]
) -> np.ndarray:
    """Make the changes one after the other.

    Args:
        clip: (T, H, W, 3) uint8 RGB.
        changes: Their names and amounts.
    """
    for name, amount in changes:
        clip = _ADJUST[name](clip, amount)
    return clip


def _as_image(clip: np.ndarray) -> np.ndarray:
    """View a clip as one tall image, for a single call to OpenCV."""
    num_frames, height, width, channels = clip.shape
    return clip.reshape(num_frames * height, width, channels)


def _map_values(clip: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Replace each value v by ``values[v]``, rounded and clipped."""
    table = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return cv2.LUT(_as_image(clip), table).reshape(clip.shape)


@TRANSFORMS.register_module()
class ClipColorJitter(BaseTransform):
    """Change brightness, contrast, saturation and hue, in random order.

    The first three factors are uniform in [max(0, 1 - x), 1 + x], the turn
    of the hue in [-hue, hue]; the order of the four is drawn anew each time.
    The operations are torchvision's, up to rounding (to nearest instead of
    down) and the grey of contrast (see :func:`adjust_contrast`).

    Args:
        prob: Probability that anything is done, in [0, 1]; drawn with the
            rest, for each frame if ``per`` says so.
        brightness: x of brightness, >= 0.
        contrast: x of contrast, >= 0.
        saturation: x of saturation, >= 0.
        hue: Largest turn, as a share of the full circle, in [0, 0.5].
        per: 'clip' for one draw, which keeps what moves comparable between
            frames, or 'frame' for a draw each, which makes colours useless
            for that (Pace Prediction, Section 3.1).
    """

    def __init__(
        self,
        prob: float = 0.8,
        brightness: float = 0.8,
        contrast: float = 0.8,
        saturation: float = 0.8,
        hue: float = 0.2,
        per: str = 'clip',
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        if min(brightness, contrast, saturation) < 0:
            raise ValueError(
                'brightness, contrast and saturation must be >= 0, got '
                f'{brightness}, {contrast}, {saturation}'
            )
        if not 0 <= hue <= 0.5:
            raise ValueError(f'hue must be in [0, 0.5], got {hue}')
        if per not in ('clip', 'frame'):
            raise ValueError(f"per must be 'clip' or 'frame', got {per!r}")
        self.prob = prob
        self.per = per
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue

    def draw(self) -> list[ColourChange]:
        """Draw amounts and order of the changes; none leaves the colours."""
        if np.random.rand() >= self.prob:
            return []
        changes = [
            ColourChange('brightness', self._factor(self.brightness)),
            ColourChange('contrast', self._factor(self.contrast)),
            ColourChange('saturation', self._factor(self.saturation)),
            ColourChange('hue', np.random.uniform(-self.hue, self.hue)),
        ]
        order = np.random.permutation(len(changes))
        return [changes[place] for place in order]

    def plan(self, plan: ClipPlan) -> None:
        """Draw what :meth:`transform` would, for ``FastClips``."""
        if self.per == 'clip':
            plan.steps += self.draw()
        else:
            frames = [self.draw() for _ in range(plan.clip_len)]
            plan.steps.append(FrameChanges(frames))

    def transform(self, results: dict) -> dict:
        """Change all frames alike, or each in its own way, or none."""
        imgs = results['imgs']
        clips = [imgs] if self.per == 'clip' else [[img] for img in imgs]
        results['imgs'] = [
            img
            for clip in clips
            for img in change_colours(np.stack(clip), self.draw())
        ]
        return results

    @staticmethod
    def _factor(strength: float) -> float:
        return np.random.uniform(max(0, 1 - strength), 1 + strength)

    def __repr__(self) -> str:
        """Return the class with its arguments."""
        return (
            f'{type(self).__name__}(prob={self.prob}, '
            f'brightness={self.brightness}, contrast={self.contrast}, '
            f'saturation={self.saturation}, hue={self.hue}, '
            f'per={self.per!r})'
        )


@TRANSFORMS.register_module()
class ClipGrayscale(BaseTransform):
    """Make all frames grey, in three equal channels, with a probability.

    Args:
        prob: Probability, in [0, 1].
    """

    def __init__(self, prob: float = 0.2) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        self.prob = prob

    def plan(self, plan: ClipPlan) -> None:
        """Draw what :meth:`transform` would, for ``FastClips``."""
        if np.random.rand() < self.prob:
            plan.steps.append(ColourChange('grey', 0.0))

    def transform(self, results: dict) -> dict:
        """Make all frames grey, or none."""
        if np.random.rand() < self.prob:
            results['imgs'] = list(to_grey(np.stack(results['imgs'])))
        return results

    def __repr__(self) -> str:
        """Return the class with its argument."""
        return f'{type(self).__name__}(prob={self.prob})'

"""Crops and flips: one draw for all frames of ``imgs``.

For a video of several clips use them inside :class:`~.per_clip.PerClip`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from vsslcodebase.registry import TRANSFORMS

from .clip_plan import ClipPlan

_CROP_TRIES = 10


@TRANSFORMS.register_module()
class ClipRandomResizedCrop(BaseTransform):
    """Cut out a random box and resize it to ``size``.

    The box's area, as a share of the frame's, is uniform in ``area_range``,
    its width / height log-uniform in ``aspect_range``, its place uniform.
    Ten boxes are tried; if none lies within the frame, it is the largest
    central one whose aspect is in range (the rule of GoogLeNet's training,
    as torchvision has it).

    Resizing is bilinear without antialiasing, as everywhere in the video
    models this project compares with: a box much larger than ``size`` is
    subsampled. Store videos at about the size that training needs.

    Args:
        size: Height and width of the result, or one number for both.
        area_range: Least and largest share of the frame's area, in (0, 1].
        aspect_range: Least and largest width / height.
        align: Boxes begin and end on multiples of so many pixels. In most
            videos 2 x 2 pixels share their chroma, and boxes of whole chroma
            samples are cut in half the time. 1, as in torchvision, is for
            frames so small that single pixels matter.
    """

    def __init__(
        self,
        size: int | tuple[int, int],
        area_range: tuple[float, float] = (0.3, 1.0),
        aspect_range: tuple[float, float] = (0.5, 2.0),
        align: int = 2,
    ) -> None:
        if align < 1:
            raise ValueError(f'align must be >= 1, got {align}')
        if not 0 < area_range[0] <= area_range[1] <= 1:
            raise ValueError(
                f'area_range must be ascending in (0, 1], got {area_range}'
            )
        if not 0 < aspect_range[0] <= aspect_range[1]:
            raise ValueError(
                f'aspect_range must be ascending and > 0, got {aspect_range}'
            )
        self.size = _height_width('size', size)
        self.area_range = tuple(area_range)
        self.aspect_range = tuple(aspect_range)
        self.align = align

    def sample_box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Draw a box in a frame: (top, left, box height, box width)."""
        least, most = self.area_range
        low, high = (math.log(aspect) for aspect in self.aspect_range)
        for _ in range(_CROP_TRIES):
            area = height * width * np.random.uniform(least, most)
            aspect = math.exp(np.random.uniform(low, high))
            box_width = self._aligned(math.sqrt(area * aspect))
            box_height = self._aligned(math.sqrt(area / aspect))
            if 0 < box_width <= width and 0 < box_height <= height:
                places = [
                    np.random.randint((whole - length) // self.align + 1)
                    for whole, length in (
                        (height, box_height),
                        (width, box_width),
                    )
                ]
                top, left = (place * self.align for place in places)
                return top, left, box_height, box_width
        return self._central_box(height, width)

    def _aligned(self, length: float) -> int:
        """Round to a multiple of ``align``."""
        return round(length / self.align) * self.align

    def _central_box(
        self, height: int, width: int
    ) -> tuple[int, int, int, int]:
        """Return the largest central box with an aspect in range."""
        low, high = self.aspect_range
        aspect = min(max(width / height, low), high)
        box_height = self._at_most(height, width / aspect)
        box_width = self._at_most(width, height * aspect)
        top, left = (
            (whole - length) // 2 // self.align * self.align
            for whole, length in ((height, box_height), (width, box_width))
        )
        return top, left, box_height, box_width

    def _at_most(self, whole: int, length: float) -> int:
        """Return ``whole`` if length is as much, else length, aligned."""
        if round(length) >= whole:
            return whole
        fitting = whole // self.align * self.align
        return max(min(self._aligned(length), fitting), 1)

    def plan(self, plan: ClipPlan) -> None:
        """Draw what :meth:`transform` would, for ``FastClips``."""
        plan.resize(self.sample_box(*plan.frame_size), self.size)

    def transform(self, results: dict) -> dict:
        """Crop and resize all frames alike."""
        imgs = results['imgs']
        height, width = imgs[0].shape[:2]
        top, left, box_height, box_width = self.sample_box(height, width)
        bottom, right = top + box_height, left + box_width
        results['imgs'] = [
            cv2.resize(
                img[top:bottom, left:right],
                self.size[::-1],
                interpolation=cv2.INTER_LINEAR,
            )
            for img in imgs
        ]
        results['img_shape'] = self.size
        return results

    def __repr__(self) -> str:
        """Return the class with its arguments."""
        return (
            f'{type(self).__name__}(size={self.size}, '
            f'area_range={self.area_range}, '
            f'aspect_range={self.aspect_range}, align={self.align})'
        )


@TRANSFORMS.register_module()
class ClipResizedRandomCrop(BaseTransform):
    """Stretch frames to one size and cut a random window out of them.

    The augmentation of C3D and of many that followed, Pace Prediction among
    them (128x171, windows of 112x112). Bilinear, not antialiased.

    Args:
        scale: Height and width that frames are stretched to, whatever their
            aspect, or one number for both.
        size: Height and width of the window, or one number for both; not
            larger than ``scale``.
    """

    def __init__(
        self,
        scale: int | tuple[int, int] = (128, 171),
        size: int | tuple[int, int] = 112,
    ) -> None:
        self.scale = _height_width('scale', scale)
        self.size = _height_width('size', size)
        if any(s > whole for s, whole in zip(self.size, self.scale)):
            raise ValueError(
                f'size must fit into scale, got size={self.size} and '
                f'scale={self.scale}'
            )

    def draw_scale(self, frame_size: tuple[int, int]) -> tuple[int, int]:
        """Return height and width of the stretched frame."""
        return self.scale

    def draw(
        self, frame_size: tuple[int, int]
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """Draw the stretched frame's size, the window's top and left in it."""
        scale = self.draw_scale(frame_size)
        top, left = (
            np.random.randint(whole - length + 1)
            for whole, length in zip(scale, self.size)
        )
        return scale, (top, left)

    def plan(self, plan: ClipPlan) -> None:
        """Draw what :meth:`transform` would, for ``FastClips``."""
        scale, place = self.draw(plan.frame_size)
        stretch = [f / s for f, s in zip(plan.frame_size, scale)]
        top, left = (x * y for x, y in zip(place, stretch))
        height, width = (x * y for x, y in zip(self.size, stretch))
        plan.resize((top, left, height, width), self.size)

    def transform(self, results: dict) -> dict:
        """Stretch all frames, and cut the same window."""
        imgs = results['imgs']
        scale, (top, left) = self.draw(imgs[0].shape[:2])
        bottom, right = top + self.size[0], left + self.size[1]
        results['imgs'] = [
            cv2.resize(img, scale[::-1])[top:bottom, left:right]
            for img in imgs
        ]
        results['img_shape'] = self.size
        return results

    def __repr__(self) -> str:
        """Return the class with its arguments."""
        return f'{type(self).__name__}(scale={self.scale}, size={self.size})'


@TRANSFORMS.register_module()
class ClipFlip(BaseTransform):
    """Mirror all frames left to right, with a probability.

    Args:
        prob: Probability of a flip, in [0, 1].
        flip_label_map: Classes that a flip turns into another, like
            Something-Something's "pushing from left to right" and back:
            ``{old class: new class}``. Only for videos of a single clip,
            since clips of one video would then need different labels.
    """

    def __init__(
        self,
        prob: float = 0.5,
        flip_label_map: dict[int, int] | None = None,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        self.prob = prob
        self.flip_label_map = dict(flip_label_map or {})
        for old, new in self.flip_label_map.items():
            if not (isinstance(old, int) and isinstance(new, int)):
                raise TypeError(
                    'flip_label_map must map class numbers to class numbers, '
                    f'got {old!r}: {new!r}'
                )

    def draw(self, num_clips: int) -> bool:
        """Draw whether to flip a clip of a video that gives ``num_clips``."""
        if self.flip_label_map and num_clips > 1:
            raise ValueError(
                'flip_label_map changes the label of the video, but there '
                f'are num_clips={num_clips} clips, flipped independently; '
                'sample one clip, or leave out flip_label_map'
            )
        return np.random.rand() < self.prob

    def plan(self, plan: ClipPlan) -> None:
        """Draw what :meth:`transform` would, for ``FastClips``."""
        if self.draw(plan.num_clips):
            plan.is_flipped = not plan.is_flipped
            plan.label = self.flip_label_map.get(plan.label, plan.label)

    def transform(self, results: dict) -> dict:
        """Flip, or not."""
        if not self.draw(results.get('num_clips', 1)):
            return results
        results['imgs'] = [cv2.flip(img, 1) for img in results['imgs']]
        if self.flip_label_map:
            label = results['label']
            results['label'] = self.flip_label_map.get(label, label)
        return results

    def __repr__(self) -> str:
        """Return the class with its arguments."""
        return (
            f'{type(self).__name__}(prob={self.prob}, '
            f'flip_label_map={self.flip_label_map or None})'
        )


def _height_width(name: str, size: int | tuple[int, int]) -> tuple[int, int]:
    """Return height and width of an argument that may be one for both."""
    sizes = (size, size) if isinstance(size, int) else tuple(size)
    if len(sizes) != 2 or min(sizes) < 1:
        raise ValueError(f'{name} must be one or two numbers >= 1, got {size}')
    return sizes

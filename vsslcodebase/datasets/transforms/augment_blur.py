"""Gaussian blur: one draw for all frames of ``imgs``.

For a video of several clips use it inside :class:`~.per_clip.PerClip`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from vsslcodebase.registry import TRANSFORMS

from .clip_plan import ClipPlan


def gaussian_kernel(sigma: float, kernel_size: int) -> np.ndarray:
    """Return a normalised Gaussian of at most ``kernel_size`` (odd) taps.

    Taps further out than 3 sigma are left out: they change a pixel by a
    quarter of a grey level at the most, and cost as much as the others.
    """
    radius = min(kernel_size // 2, math.ceil(3 * sigma))
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return (taps / taps.sum()).astype(np.float32)


def blur(
    image: np.ndarray, kernel: np.ndarray, out: np.ndarray | None = None
) -> np.ndarray:
    """Convolve (H, W) or (H, W, C) uint8 with a kernel in both directions.

    Args:
        image: What is blurred.
        kernel: (odd,) float32.
        out: Where the result goes, which may be ``image``.
    """
    border = cv2.BORDER_REFLECT_101
    return cv2.sepFilter2D(
        image, -1, kernel, kernel, dst=out, borderType=border
    )


@TRANSFORMS.register_module()
class ClipGaussianBlur(BaseTransform):
    """Blur all frames with one Gaussian, with a probability.

    The border is mirrored without repeating the edge.

    Args:
        prob: Probability, in [0, 1].
        sigma_range: Range, in pixels, of the uniform standard deviation.
        kernel_size: Most taps of the kernel, odd. SimCLR and CVRL take a
            tenth of the frame's size: 23 for 224 pixels.
    """

    def __init__(
        self,
        prob: float = 0.5,
        sigma_range: tuple[float, float] = (0.1, 2.0),
        kernel_size: int = 23,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        if not 0 < sigma_range[0] <= sigma_range[1]:
            raise ValueError(
                f'sigma_range must be ascending and > 0, got {sigma_range}'
            )
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                f'kernel_size must be odd and >= 1, got {kernel_size}'
            )
        self.prob = prob
        self.sigma_range = tuple(sigma_range)
        self.kernel_size = kernel_size

    def draw(self) -> np.ndarray | None:
        """Draw the kernel; None leaves the frames as they are."""
        if np.random.rand() >= self.prob:
            return None
        low, high = self.sigma_range
        return gaussian_kernel(np.random.uniform(low, high), self.kernel_size)

    def plan(self, plan: ClipPlan) -> None:
        """Draw what :meth:`transform` would, for ``FastClips``."""
        kernel = self.draw()
        if kernel is not None:
            plan.steps.append(kernel)

    def transform(self, results: dict) -> dict:
        """Blur all frames alike, or none."""
        kernel = self.draw()
        if kernel is not None:
            results['imgs'] = [blur(img, kernel) for img in results['imgs']]
        return results

    def __repr__(self) -> str:
        """Return the class with its arguments."""
        return (
            f'{type(self).__name__}(prob={self.prob}, '
            f'sigma_range={self.sigma_range}, '
            f'kernel_size={self.kernel_size})'
        )

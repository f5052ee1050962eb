"""Crops of a frame's planes, resized: no frame is ever converted whole."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from vsslcodebase.datasets.readers import Picture

PlaneCutter = Callable[[np.ndarray, np.ndarray], None]


class PictureCutter:
    """Cut one box out of pictures of one layout, at one size.

    Interpolation is that of the plain crops: bilinear, not antialiased.
    Chroma samples are taken to lie in the middle of the pixels that share
    them. The converter to RGB behind ``get_frames`` gives all of these pixels
    the same chroma; here it is interpolated.

    Args:
        picture: Any picture of the video.
        box: Top, left, height and width of the box, in pixels or parts.
        size: Height and width of the result.
    """

    def __init__(
        self,
        picture: Picture,
        box: tuple[float, float, float, float],
        size: tuple[int, int],
    ) -> None:
        self._size = size
        self._box = box
        self._cutters = [
            _plane_cutter(picture.size, plane.shape[:2], box, size)
            for plane in picture.planes
        ]

    def cut(self, picture: Picture, out: np.ndarray) -> None:
        """Write the box to ``out``, (3, H, W) uint8, contiguous planes."""
        if len(picture.planes) == 3:
            for cutter, plane, target in zip(
                self._cutters, picture.planes, out
            ):
                cutter(plane, target)
        else:
            packed = np.empty((*self._size, 3), np.uint8)
            self._cutters[0](picture.planes[0], packed)
            cv2.split(packed, list(out))


def _plane_cutter(
    frame_size: tuple[int, int],
    plane_size: tuple[int, ...],
    box: tuple[float, float, float, float],
    size: tuple[int, int],
) -> PlaneCutter:
    """Return what cuts a box, given in pixels of the frame, from a plane."""
    steps = [_subsampling(f, p) for f, p in zip(frame_size, plane_size)]
    firsts, lengths = box[:2], box[2:]
    # A sample that the box cuts through is kept. A box that cuts through
    # pixels is a window in a stretched frame: what lies beside it is kept.
    margin = int(any(n % 1 for n in box))
    begins = [
        max(int(first // step) - margin, 0)
        for first, step in zip(firsts, steps)
    ]
    ends = [
        math.ceil((first + length) / step) + margin
        for first, length, step in zip(firsts, lengths, steps)
    ]
    rows, columns = (slice(b, e) for b, e in zip(begins, ends))
    width_height = size[::-1]
    if not any(n % step for n, step in zip(box, steps * 2)):

        def cut_whole_samples(plane: np.ndarray, out: np.ndarray) -> None:
            cv2.resize(plane[rows, columns], width_height, dst=out)

        return cut_whole_samples
    # cv2.resize knows no parts of samples: the same map, written out.
    scales = [
        length / step / target
        for length, step, target in zip(lengths, steps, size)
    ]
    offsets = [
        (first / step - begin) + 0.5 * scale - 0.5
        for first, step, begin, scale in zip(firsts, steps, begins, scales)
    ]
    matrix = np.array([[scales[1], 0, offsets[1]], [0, scales[0], offsets[0]]])

    def cut_part_samples(plane: np.ndarray, out: np.ndarray) -> None:
        cv2.warpAffine(
            plane[rows, columns],
            matrix,
            width_height,
            dst=out,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    return cut_part_samples


def _subsampling(frame_length: int, plane_length: int) -> int:
    """Return how many pixels share a sample of the plane: 1, 2 or 4."""
    for step in (1, 2, 4):
        if -(-frame_length // step) == plane_length:
            return step
    raise ValueError(
        f'a plane of {plane_length} samples does not fit {frame_length} '
        'pixels with a subsampling of 1, 2 or 4'
    )

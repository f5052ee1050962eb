"""Decoded frames as the planes that the decoder made, and their colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

# Red's and blue's share of the luma, by the number that ITU-T H.273 gives the
# "matrix coefficients"; they are the ones that FFmpeg's swscale knows.
_LUMA_SHARES = {
    1: (0.2126, 0.0722),  # BT.709
    2: (0.299, 0.114),  # not specified: BT.601
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601, 625 lines
    6: (0.299, 0.114),  # BT.601, 525 lines
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
}


@dataclass(frozen=True)
class Picture:
    """A decoded frame, upright, in planes of uint8.

    Attributes:
        planes: Luma (H, W) and two chroma planes (ceil(H / sy), ceil(W / sx)),
            whose sample (i, j) colours the luma rows i * sy to (i + 1) * sy
            and columns j * sx to (j + 1) * sx; or one packed RGB array
            (H, W, 3). Rows may lie further apart in memory than W bytes. To be
            read only, and soon: what its reader promises of the memory holds.
        matrix: (3, 4) float64: RGB on 0..255 = matrix @ (p0, p1, p2, 1),
            where p0, p1, p2 are the luma and the chroma of a pixel, or its
            red, green and blue.
    """

    planes: tuple[np.ndarray, ...]
    matrix: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.planes[0].shape[:2]
        return height, width

    @property
    def layout(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the planes."""
        return tuple([plane.shape for plane in self.planes])

    @classmethod
    def of_rgb(cls, image: np.ndarray) -> Picture:
        """Make one of an RGB image, (H, W, 3) uint8."""
        return cls((image,), _rgb_matrix())


def has_matrix(colourspace: int) -> bool:
    """Tell whether :func:`yuv_matrix` knows this number of H.273."""
    return colourspace in _LUMA_SHARES


@lru_cache
def yuv_matrix(colourspace: int, is_full_range: bool) -> np.ndarray:
    """Return the matrix from 8-bit Y'CbCr to R'G'B', as swscale computes it.

    Args:
        colourspace: The "matrix coefficients" of ITU-T H.273.
        is_full_range: Whether black and white are 0 and 255, not 16 and 235.

    Returns:
        (3, 4) float64, read-only; see :class:`Picture`.

    Raises:
        KeyError: A colour space that :func:`has_matrix` does not know.
    """
    red, blue = _LUMA_SHARES[colourspace]
    green = 1 - red - blue
    black, luma, chroma = (0, 255, 255) if is_full_range else (16, 219, 224)
    to_rgb = np.array(
        [
            [1, 0, 2 - 2 * red],
            [1, -(2 - 2 * blue) * blue / green, -(2 - 2 * red) * red / green],
            [1, 2 - 2 * blue, 0],
        ]
    )
    to_rgb = to_rgb * 255 / [luma, chroma, chroma]
    offset = -to_rgb @ [black, 128, 128]
    return _read_only(np.column_stack([to_rgb, offset]))


@lru_cache
def _rgb_matrix() -> np.ndarray:
    """Return the matrix of what is RGB already."""
    return _read_only(np.eye(3, 4))


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array

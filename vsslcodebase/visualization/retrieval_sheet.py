"""Queries and their nearest videos on one sheet, framed by right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .clip_sheet import CAPTION_PX, FONT, GAP_PX, INK, PAPER

# told apart by colour-blind readers too; the words say it again
GREEN, RED, GREY = (0, 158, 115), (213, 60, 40), (150, 150, 150)
FRAME_PX = 3


class Tile(NamedTuple):
    """One video on the sheet.

    Attributes:
        frames: (F, H, W, 3) RGB uint8, shown side by side.
        title: First line below, the class.
        note: Second line below, such as the similarity.
        right: Whether it is of the query's class; None for the query itself.
    """

    frames: NDArray[np.uint8]
    title: str
    note: str
    right: bool | None = None


def retrieval_sheet(
    rows: Sequence[Sequence[Tile]], tile: int = 112
) -> NDArray[np.uint8]:
    """Draw a row for each query: the query, a gap, its nearest videos.

    Frames are green where the class is right, red where it is wrong and grey
    for the query.

    Args:
        rows: The same number of tiles in each; the query first.
        tile: Height and width of a frame in pixels; other shapes of video
            are fitted in, on paper.

    Returns:
        (height, width, 3) RGB uint8 image.

    Raises:
        ValueError: There is no row, or rows differ in length.
    """
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            'a sheet needs rows of the same number of tiles, got '
            f'{[len(row) for row in rows]}'
        )
    return np.concatenate([_row(row, tile) for row in rows])


def _row(tiles: Sequence[Tile], size: int) -> NDArray[np.uint8]:
    """Put the tiles of one query side by side."""
    drawn = [_draw(tile, size) for tile in tiles]
    space = np.full((len(drawn[0]), 4 * FRAME_PX, 3), PAPER, np.uint8)
    return np.concatenate([drawn[0], space, *drawn[1:]], axis=1)


def _draw(tile: Tile, size: int) -> NDArray[np.uint8]:
    """Draw frames in their border, with two lines below."""
    colour = {True: GREEN, False: RED, None: GREY}[tile.right]
    strip = np.concatenate([_fit(f, size) for f in tile.frames], axis=1)
    edge = (FRAME_PX, FRAME_PX, FRAME_PX, FRAME_PX)
    strip = cv2.copyMakeBorder(strip, *edge, cv2.BORDER_CONSTANT, value=colour)
    lines = [
        _line(text, strip.shape[1], ink)
        for text, ink in ((tile.title, INK), (tile.note, colour))
    ]
    drawn = np.concatenate([strip, *lines])
    gap = ((0, 2 * GAP_PX), (0, GAP_PX), (0, 0))
    return np.pad(drawn, gap, constant_values=PAPER[0])


def _fit(frame: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize a frame to fit a square, the rest is paper."""
    height, width = frame.shape[:2]
    scale = size / max(height, width)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    small = cv2.resize(frame, shape, interpolation=how)
    square = np.full((size, size, 3), PAPER, np.uint8)
    top, left = (size - shape[1]) // 2, (size - shape[0]) // 2
    square[top : top + shape[1], left : left + shape[0]] = small
    return square


def _line(
    text: str, width: int, ink: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """Write a line of text on a bar, cut to what fits."""
    bar = np.full((CAPTION_PX - 6, width, 3), PAPER, np.uint8)
    while len(text) > 4 and _width(text) > width - 4:
        text = text[:-4] + '...'
    cv2.putText(bar, text, (2, 11), FONT, 0.38, ink, 1, cv2.LINE_AA)
    return bar


def _width(text: str) -> int:
    """Width of a line in pixels."""
    return cv2.getTextSize(text, FONT, 0.38, 1)[0][0]

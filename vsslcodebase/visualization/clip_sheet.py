"""Contact sheets: rows are clips, columns are frames, captions are facts."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmaction.structures import ActionDataSample
from numpy.typing import NDArray

CAPTION_PX = 22
GAP_PX = 2
PAPER = (250, 250, 250)
INK = (20, 20, 20)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def clip_sheet(
    clips: Sequence[NDArray[np.uint8]],
    captions: Sequence[str],
    frame_notes: Sequence[Sequence[str]] | None = None,
    tile: int = 112,
    max_columns: int = 16,
) -> NDArray[np.uint8]:
    """Lay clips out as rows of frames below their captions.

    Args:
        clips: One (T, H, W, 3) RGB uint8 array per row.
        captions: One line per clip; cut where the row ends.
        frame_notes: Per clip T short texts for the corners of its frames,
            such as frame numbers. Default none.
        tile: Height of a frame on the sheet in pixels; its width follows.
        max_columns: Of a longer clip, so many frames are shown, evenly
            spaced from the first to the last.

    Returns:
        (height, width, 3) RGB uint8 image.

    Raises:
        ValueError: There is no clip, a clip is not (T, H, W, 3) uint8, or
            there is not one caption per clip.
    """
    if not clips or len(clips) != len(captions):
        raise ValueError(
            'a sheet needs clips and one caption for each, got '
            f'{len(clips)} clips and {len(captions)} captions'
        )
    notes = frame_notes or [[''] * len(clip) for clip in clips]
    rows = [
        _frame_row(clip, note, tile, max_columns)
        for clip, note in zip(clips, notes)
    ]
    width = max(row.shape[1] for row in rows)
    strips = []
    for row, caption in zip(rows, captions):
        padding = ((0, 0), (0, width - row.shape[1]), (0, 0))
        strips += [
            _caption_bar(caption, width),
            np.pad(row, padding, constant_values=PAPER[0]),
        ]
    return np.concatenate(strips)


def clip_captions(sample: ActionDataSample, crops: int = 1) -> list[str]:
    """Say of each clip of a video where it lies and what it is asked for.

    Args:
        sample: What ``PackClips`` made: metainfo ``filename``; fields
            ``clip_start (V,)`` in frames and ``frame_interval (V,)``; where
            there are, ``clip_time (V,)`` in seconds, ``pace_label (V,)`` and
            ``gt_label``.
        crops: Neighbouring rows that are crops of one clip.

    Returns:
        V lines. "2nd of 4 in time" is the order that CORP asks for.
    """
    starts = np.asarray(sample.clip_start)
    name = '/'.join(str(sample.filename).split('/')[-2:])
    label = f' label {int(sample.gt_label)}' if 'gt_label' in sample else ''
    lines = []
    for row, start in enumerate(starts):
        place = int((starts < start).sum()) // crops + 1
        tie = ' (tie)' if (starts == start).sum() > crops else ''
        crop = f', crop {row % crops + 1} of {crops}' if crops > 1 else ''
        line = (
            f'{name}{label} | clip {row // crops}{crop}: '
            f'starts at frame {int(start)}{_seconds(sample, row)}, interval '
            f'{float(sample.frame_interval[row]):g} | '
            f'{_ordinal(place)} of {len(starts) // crops} in time{tie}'
        )
        if 'pace_label' in sample:
            line += f' | pace label {int(sample.pace_label[row])}'
        lines.append(line)
    return lines


def _frame_row(
    clip: NDArray[np.uint8], notes: Sequence[str], tile: int, max_columns: int
) -> NDArray[np.uint8]:
    """Put the frames of a (T, H, W, 3) clip side by side, ``tile`` high."""
    if clip.ndim != 4 or clip.shape[3] != 3 or clip.dtype != np.uint8:
        raise ValueError(
            f'a clip must be (T, H, W, 3) uint8, got {clip.shape} {clip.dtype}'
        )
    total = len(clip)
    shown = np.linspace(0, total - 1, min(total, max_columns)).round()
    width = max(1, round(tile * clip.shape[2] / clip.shape[1]))
    tiles = []
    for index in shown.astype(int):
        # nearest when enlarging: interpolation would hide the real pixels
        enlarges = tile > clip.shape[1]
        frame = cv2.resize(
            clip[index],
            (width, tile),
            interpolation=cv2.INTER_NEAREST if enlarges else cv2.INTER_AREA,
        )
        _write(frame, notes[index], (3, 11), 0.35, boxed=True)
        tiles.append(
            np.pad(
                frame,
                ((0, GAP_PX), (0, GAP_PX), (0, 0)),
                constant_values=PAPER[0],
            )
        )
    return np.concatenate(tiles, axis=1)


def _caption_bar(text: str, width: int) -> NDArray[np.uint8]:
    """Write one line of text on a bar, cut to what fits."""
    bar = np.full((CAPTION_PX, width, 3), PAPER, dtype=np.uint8)
    while len(text) > 4 and _text_width(text) > width - 8:
        text = text[:-4] + '...'
    _write(bar, text, (4, CAPTION_PX - 7), 0.42)
    return bar


def _text_width(text: str) -> int:
    """Width of a caption in pixels."""
    return cv2.getTextSize(text, FONT, 0.42, 1)[0][0]


def _write(
    image: NDArray[np.uint8],
    text: str,
    origin: tuple[int, int],
    scale: float,
    boxed: bool = False,
) -> None:
    """Draw text into ``image``; a box keeps it readable on any frame."""
    if boxed and text:
        (width, height), _ = cv2.getTextSize(text, FONT, scale, 1)
        x, y = origin
        image[max(0, y - height - 2) : y + 3, : x + width + 3] = PAPER
    cv2.putText(image, text, origin, FONT, scale, INK, 1, cv2.LINE_AA)


def _seconds(sample: ActionDataSample, row: int) -> str:
    """When the clip starts; nothing where the frame rate is unknown."""
    if 'clip_time' not in sample:
        return ''
    return f' ({float(sample.clip_time[row]):.2f} s)'


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, ... 11th."""
    tail = {1: 'st', 2: 'nd', 3: 'rd'}
    teens = number % 100 in (11, 12, 13)
    return f'{number}{"th" if teens else tail.get(number % 10, "th")}'

"""Videos kept as folders of images, made while the tests run."""

from __future__ import annotations

from pathlib import Path

import cv2
from encoded_video import moving_pattern


def write_frames(
    folder: Path,
    num_frames: int = 40,
    size: tuple[int, int] = (48, 64),
    form: str = '{:05d}.jpg',
    first: int = 1,
) -> str:
    """Write the frames of ``moving_pattern``, numbered from ``first``."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(num_frames):
        image = cv2.cvtColor(moving_pattern(index, *size), cv2.COLOR_RGB2BGR)
        path = str(folder / form.format(first + index))
        cv2.imwrite(path, image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return str(folder)

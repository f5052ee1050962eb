"""Reading a folder of images, one a frame, as a video."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from itertools import pairwise

import cv2
import numpy as np

from .video_reader import BadVideoError, VideoReader

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png')
# Something-Something's; a folder of images does not say its own
DEFAULT_FOLDER_FPS = 12.0

_NUMBER = re.compile(r'\d+$')
_JPEG, _SCAN, _END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'


class FrameFolderReader(VideoReader):
    """Video reader on images such as ``<folder>/00001.jpg``.

    Images are ordered by the number at the end of their names, padded with
    zeros or not. The first number may be any; of those that follow none may
    be missing, because a hole would shift the time of all frames after it.
    Files that are hidden or no images by their suffix are passed over.

    Opening lists the folder and opens no image; reading decodes the images
    that are asked for, each by itself. That the images are of one size is
    therefore known of those that are read together.

    Args:
        path: A folder that holds the images of one video and no others.
        fps: Frames a second, which no image says; 0 for unknown.

    Raises:
        BadVideoError: There is no image, or a name is without number, or a
            number is missing or there twice.
    """

    def __init__(self, path: str, fps: float = DEFAULT_FOLDER_FPS) -> None:
        super().__init__(path)
        try:
            self._names = frame_names(path)
        except OSError as error:
            raise BadVideoError(path, str(error.strerror)) from error
        self.total_frames = len(self._names)
        self.avg_fps = float(fps)

    def close(self) -> None:
        """Do nothing: no file is open between two calls."""

    def _check_path(self) -> None:
        if not os.path.isdir(self.path):
            raise BadVideoError(self.path, 'not a folder of images')

    def _decode(self, indices: list[int]) -> Iterable[tuple[int, np.ndarray]]:
        for index in indices:
            yield index, self._read(self._names[index])

    def _read(self, name: str) -> np.ndarray:
        """Return an image, (H, W, 3) uint8 RGB."""
        try:
            with open(os.path.join(self.path, name), 'rb') as file:
                data = file.read()
        except OSError as error:
            raise BadVideoError(
                self.path, f'{name}: {error.strerror}'
            ) from error
        if not data or _is_cut_off(data):
            what = 'is cut off' if data else 'is empty'
            raise BadVideoError(self.path, f'{name} {what}')
        try:
            image = cv2.imdecode(
                np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR
            )
        except cv2.error:  # a size that no image has
            image = None
        if image is None:
            raise BadVideoError(self.path, f'{name} is damaged, or no image')
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)


def frame_names(folder: str) -> list[str]:
    """Return the names of a folder's images in the order of their numbers.

    Raises:
        BadVideoError: See :class:`FrameFolderReader`.
        OSError: The folder cannot be listed.
    """
    numbered = sorted(
        (_number(folder, name), name)
        for name in os.listdir(folder)
        if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith('.')
    )
    if not numbered:
        raise BadVideoError(
            folder, f'a folder without images ({", ".join(IMAGE_SUFFIXES)})'
        )
    for (number, name), (after, next_name) in pairwise(numbered):
        if after == number:
            raise BadVideoError(
                folder, f'{name} and {next_name} have the same number'
            )
        if after > number + 1:
            raise BadVideoError(
                folder,
                f'{after - number - 1} frames are missing between {name} and '
                f'{next_name}',
            )
    return [name for _, name in numbered]


def _number(folder: str, name: str) -> int:
    """Return the number at the end of a name, before the suffix."""
    match = _NUMBER.search(os.path.splitext(name)[0])
    if not match:
        raise BadVideoError(
            folder,
            f'{name} does not end in a number; frames are named like '
            '00001.jpg',
        )
    return int(match[0])


def _is_cut_off(data: bytes) -> bool:
    """Whether a JPEG lacks its end.

    Some versions of OpenCV fill the rest of such an image with grey. Both
    markers cannot occur in the data of a scan, and the last scan is that of
    the image: one of a thumbnail would come before.
    """
    return data.startswith(_JPEG) and data.rfind(_END) < data.rfind(_SCAN)

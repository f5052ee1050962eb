"""What a file tells without being decoded: how large? cut off? a video?"""

from __future__ import annotations

import os
from typing import BinaryIO

from vsslcodebase.datasets.readers.frame_folder_reader import frame_names

_TEXT_BYTES = set(range(32, 127)) | {9, 10, 13}
_SHOWN_CHARACTERS = 40


def stored_bytes(path: str) -> int:
    """Return the size of a file, or of all images of a folder."""
    if not os.path.isdir(path):
        return os.path.getsize(path)
    names = frame_names(path)
    return sum(os.path.getsize(os.path.join(path, name)) for name in names)


def first_bytes(path: str, number: int) -> bytes:
    """Return how a file begins, or the first image of a folder."""
    if os.path.isdir(path):
        path = os.path.join(path, frame_names(path)[0])
    with open(path, 'rb') as file:
        return file.read(number)


def announced_bytes(path: str) -> int:
    """Return how many bytes a file ought to have, as its container says.

    MP4 and QuickTime are a row of boxes, each with its size in front; AVI is
    one RIFF chunk (and more of them above 1 GB). A file that is shorter was
    cut off, by a download or a disk that was full.

    Returns:
        The least number that it ought to have; 0 if the container does not
        say.
    """
    with open(path, 'rb') as file:
        head = file.read(12)
        if head[:4] == b'RIFF':
            return 8 + int.from_bytes(head[4:8], 'little')
        if head[4:8] != b'ftyp':
            return 0
        file.seek(0)
        return _end_of_boxes(file, os.path.getsize(path))


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """Return where the last box, of those that begin in the file, ends."""
    end = 0
    while end < size:
        file.seek(end)
        head = file.read(16)
        box_bytes = int.from_bytes(head[:4], 'big')
        if box_bytes == 1:  # the size did not fit into 32 bits
            box_bytes = int.from_bytes(head[8:16], 'big')
        if box_bytes < 8:  # 0: to the end of the file; others: damage
            return size
        end += box_bytes
    return end


def quoted_text(path: str) -> str:
    """Return the start of a file that holds text; '' for any other.

    Downloads that failed leave a page of HTML or a pointer of Git LFS.
    """
    with open(path, 'rb') as file:
        head = file.read(256)
    if not head or not set(head) <= _TEXT_BYTES:
        return ''
    return ' '.join(head.decode('ascii').split())[:_SHOWN_CHARACTERS]

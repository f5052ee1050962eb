"""List files, ``path label`` a line, and class files, a name a line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path


def read_list(
    path: str | Path, delimiter: str = ' ', folder: str | None = None
) -> list[tuple[str, int]]:
    """Read a list of videos.

    Args:
        path: Text file, one ``path label`` a line. Paths may hold spaces;
            the label is a class number, -1 for none; empty lines are skipped.
        delimiter: What separates path and label.
        folder: Folder of the videos, which no path may leave; None or empty
            if they may lie anywhere.

    Returns:
        (path, label) of each video.

    Raises:
        FileNotFoundError: There is no such list.
        ValueError: A line is wrong (named with its number), or there is none.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"no list of videos at '{path}'; it should be a text file with "
            'lines "path label", as the converters in tools/data write it'
        )
    videos = []
    # A file name may be any bytes, which Python's paths carry in this way.
    with open(path, encoding='utf-8', errors='surrogateescape') as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            video, _, label = line.strip().rpartition(delimiter)
            # A minus sign is all that may precede the digits.
            if not video.strip() or not label.removeprefix('-').isdecimal():
                raise ValueError(
                    f'{path}, line {number}: expected a path, {delimiter!r} '
                    'and a class number (-1 for none), got '
                    f'{shorten(line)!r}'
                )
            if int(label) < -1:
                raise ValueError(
                    f'{path}, line {number}: a label is a class number from '
                    f'0 up, or -1 for none, got {label}'
                )
            if folder and leaves(video.strip(), folder):
                raise ValueError(
                    f'{path}, line {number}: {shorten(video)!r} lies outside '
                    f"of the folder of videos, '{folder}'; mend the list, or, "
                    "if you trust it, set the data set's allow_outside=True "
                    "(or data_prefix.video='' where all paths are absolute)"
                )
            videos.append((video.strip(), int(label)))
    if not videos:
        raise ValueError(f"the list '{path}' names no video")
    return videos


def leaves(path: str, folder: str) -> bool:
    """Whether a path that starts from a folder ends outside of it.

    As it is written: a link that lies in the folder is the user's own, and
    may lead anywhere.
    """
    if not os.path.isabs(path) and '..' not in path.split('/'):
        return False
    top = os.path.abspath(folder)
    target = os.path.abspath(os.path.join(folder, path))
    return os.path.commonpath([top, target]) != top


def shorten(line: str, width: int = 120) -> str:
    """Return the start of a line, for messages: it may be of any file."""
    line = line.strip()
    return line if len(line) <= width else f'{line[:width]}...'


def write_list(path: str | Path, videos: Iterable[tuple[str, int]]) -> None:
    """Write (path, label) pairs, one ``path label`` a line."""
    lines = [f'{video} {label}\n' for video, label in videos]
    write_whole(Path(path), ''.join(lines))


def read_classes(path: str | Path) -> list[str]:
    """Read a class file: the name of class i in line i, from 0."""
    return Path(path).read_text(encoding='utf-8').splitlines()


def write_classes(path: str | Path, names: Sequence[str]) -> None:
    """Write a class file; an existing one must say the same.

    Raises:
        ValueError: The file exists and numbers the classes differently.
    """
    path = Path(path)
    if path.exists() and read_classes(path) != list(names):
        raise ValueError(
            f"'{path}' lists other classes than the annotations do, so that "
            'labels of other lists beside it would mean something else; '
            'remove it and make all lists anew, or write to another folder'
        )
    write_whole(path, ''.join(f'{name}\n' for name in names))


def write_whole(path: Path, text: str) -> None:
    """Write a file in one step: an interruption leaves no half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + '.partial')
    partial.write_text(text, encoding='utf-8', errors='surrogateescape')
    partial.replace(path)

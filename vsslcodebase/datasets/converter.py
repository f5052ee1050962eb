"""Making a list of the videos that are there: the part all converters share.

A converter in ``tools/data`` reads what the authors of a data set publish
into :class:`LabelledVideo` items; :func:`convert` does the rest.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .annotation import write_list, write_whole
from .video_check import find_unreadable

VIDEO_SUFFIXES = {'.mp4', '.webm', '.avi', '.mkv', '.mov', '.mpg', '.mpeg'}


class LabelledVideo(NamedTuple):
    """A video as the annotations name it."""

    name: str  # file name without suffix, unique in the data set
    label: int  # class number, -1 for none


def find_videos(folder: str | Path) -> dict[str, list[str]]:
    """Find all video files below ``folder``, following links.

    Returns:
        Paths, relative to ``folder``, by file name without suffix.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"no folder of videos at '{folder}'")
    found: dict[str, list[str]] = {}
    visited: set[str] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in visited:  # a link back up
            folders.clear()
            continue
        visited.add(real)
        folders.sort()
        for file in sorted(files):
            stem, suffix = os.path.splitext(file)
            if suffix.lower() in VIDEO_SUFFIXES:
                path = os.path.relpath(os.path.join(parent, file), folder)
                found.setdefault(stem, []).append(path)
    return found


def find_frame_folders(folder: str | Path) -> dict[str, list[str]]:
    """Find the folders directly in ``folder``, each the frames of a video.

    Returns:
        Their names, twice, as :func:`find_videos` has name and paths.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"no folder of videos at '{folder}'")
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir())
    return {name: [name] for name in names}


class VideoStorage(NamedTuple):
    """How a data set keeps its videos."""

    find: Callable[[str | Path], dict[str, list[str]]]
    form: str  # what a video is, for messages


VIDEO_FILES = VideoStorage(
    find_videos, f'a file in {", ".join(sorted(VIDEO_SUFFIXES))}'
)
FRAME_FOLDERS = VideoStorage(find_frame_folders, 'a folder of images')


def convert(
    lists: Mapping[Path, Sequence[LabelledVideo]],
    folder: str | Path,
    check: bool = False,
    workers: int = 1,
    storage: VideoStorage = VIDEO_FILES,
) -> None:
    """Write lists of those videos that are there, and report the others.

    Missing and (with ``check``) unreadable videos are left out of a list and
    named in ``<list>.problems.txt``; what was found is printed.

    Args:
        lists: List files to write, with what the annotations name for each.
        folder: Folder of the videos; the lists' paths are relative to it.
        check: Open every video and decode its first and last frame.
        workers: Processes that do so.
        storage: How the videos are kept.

    Raises:
        ValueError: None of a list's videos is there, or a name is ambiguous.
    """
    print(f'Looking for videos in {folder}')
    found = storage.find(folder)
    present = {
        path: _locate(lists[path], found, folder, storage) for path in lists
    }
    unreadable: dict[str, str] = {}
    if check:
        names = {name for videos in present.values() for name, _ in videos}
        unreadable = find_unreadable(sorted(names), folder, workers)
    for path, videos in present.items():
        readable = [video for video in videos if video[0] not in unreadable]
        missing = [v.name for v in lists[path] if v.name not in found]
        problems = [f'missing {name}' for name in missing] + [
            f'unreadable {name}: {unreadable[name]}'
            for name, _ in videos
            if name in unreadable
        ]
        write_list(path, readable)
        bad = len(videos) - len(readable)
        print(
            f'{path}: {len(readable)} videos; {len(missing)} missing, '
            + (f'{bad} unreadable' if check else 'not opened (see --check)')
        )
        _report(Path(f'{path}.problems.txt'), problems)


def _locate(
    videos: Sequence[LabelledVideo],
    found: Mapping[str, Sequence[str]],
    folder: str | Path,
    storage: VideoStorage,
) -> list[tuple[str, int]]:
    """Return (path, label) of the videos that were found."""
    present = []
    for name, label in videos:
        paths = found.get(name, [])
        if len(paths) > 1:
            raise ValueError(
                f"{len(paths)} files in '{folder}' are named {name!r}: "
                f'{", ".join(paths)}; leave one of them'
            )
        present += [(path, label) for path in paths]
    if not present:
        raise ValueError(
            f"none of {len(videos)} videos is in '{folder}', which holds "
            f'{len(found)} others; the first one wanted is '
            f'{videos[0].name!r}, {storage.form}'
        )
    return present


def _report(path: Path, problems: Sequence[str]) -> None:
    """Write the problems; an old report without new ones is removed."""
    path.unlink(missing_ok=True)
    if problems:
        write_whole(path, ''.join(f'{line}\n' for line in problems))
        print(f'  see {path}')


def converter_parser(description: str) -> argparse.ArgumentParser:
    """Return a command line parser with the options of :func:`convert`."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--check',
        action='store_true',
        help='open every video and leave out those that cannot be read',
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=os.cpu_count(),
        metavar='N',
        help='processes for --check (default: %(default)s)',
    )
    return parser


def require_file(path: Path, argument: str, expected: str) -> None:
    """Refuse an argument that names no file.

    Args:
        path: The file.
        argument: Of the command line, where it comes from.
        expected: What the file should be.

    Raises:
        ValueError: It is not there, or a folder.
    """
    if not path.is_file():
        what = 'is a folder' if path.is_dir() else 'does not exist'
        raise ValueError(
            f"argument {argument}: '{path}' {what}; expected {expected}"
        )


def require_folder(path: Path, argument: str, expected: str) -> None:
    """Refuse an argument that names no folder; like :func:`require_file`."""
    if not path.is_dir():
        what = 'is a file' if path.is_file() else 'does not exist'
        raise ValueError(
            f"argument {argument}: '{path}' {what}; expected {expected}"
        )


def run(main: Callable[[], None]) -> None:
    """Run a tool; wrong input ends it with its message, not a traceback."""
    try:
        main()
    except OSError as error:
        # Ours have a sentence only; the system's a file and a reason.
        told = f"'{error.filename}': {error.strerror}"
        sys.exit(f'error: {told if error.filename else error}')
    except ValueError as error:
        sys.exit(f'error: {error}')

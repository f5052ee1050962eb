"""Lists of a prepared data set: those of the original, with new names."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from vsslcodebase.datasets.annotation import (
    read_classes,
    read_list,
    write_classes,
    write_list,
    write_whole,
)
from vsslcodebase.utils.folder_lock import LOCK

from .prepared_folder import MANIFEST, SETTINGS, target_of

BAD_VIDEOS, CLASSES = 'bad_videos.txt', 'classes.txt'
_OURS = {BAD_VIDEOS, CLASSES, SETTINGS, MANIFEST, LOCK, 'videos'}

Listed = Mapping[Path, Sequence[tuple[str, int]]]  # (path, label) by list


def read_lists(
    lists: Sequence[Path], limit: int | None = None
) -> dict[Path, list[tuple[str, int]]]:
    """Read lists of videos that are to be prepared together.

    Args:
        lists: List files, ``path label`` a line.
        limit: Take only so many videos of each; None for all.

    Returns:
        (path, label) of each video, by list; './a' is 'a'.

    Raises:
        FileNotFoundError: A list is missing.
        ValueError: A list is wrong; or two videos would get the same name.
    """
    listed = {
        path: [(_inside(v, path), label) for v, label in read_list(path)][
            :limit
        ]
        for path in lists
    }
    sources: dict[str, str] = {}  # by target
    for videos in listed.values():
        for video, _ in videos:
            other = sources.setdefault(target_of(video), video)
            if other != video:
                raise ValueError(
                    f'{other!r} and {video!r} would both become '
                    f'{target_of(video)!r}; rename one of them, or prepare '
                    'them into two folders'
                )
    return listed


def check_apart(lists: Sequence[Path], videos: Path, out: Path) -> None:
    """Check that nothing is written where something of the user's lies.

    Raises:
        ValueError: A new list or video could overwrite a file.
    """
    names = [path.name for path in lists]
    for path in lists:
        if names.count(path.name) > 1:
            raise ValueError(
                f'two lists are named {path.name!r}, and so would be the new '
                'ones; rename one'
            )
        if path.name in _OURS:
            raise ValueError(
                f"the list '{path}' has a name that this tool uses for "
                'another file; rename it'
            )
        if (out / path.name).resolve() == path.resolve():
            raise ValueError(
                f"the new list would overwrite '{path}'; choose another --out"
            )
    new, old = (out / 'videos').resolve(), videos.resolve()
    if new.is_relative_to(old) or old.is_relative_to(new):
        raise ValueError(
            f"the new videos in '{out / 'videos'}' and the originals in "
            f"'{videos}' would get mixed up; choose another --out"
        )


def _inside(video: str, path: Path) -> str:
    """Return a path of a list in its simplest form, './a' as 'a'."""
    simple = posixpath.normpath(video)
    if posixpath.isabs(simple) or simple.split('/')[0] in ('..', '.'):
        raise ValueError(
            f'{path}: {video!r} is not a path inside the folder of videos; '
            'make it relative to --videos'
        )
    return simple


def write_lists(out: Path, listed: Listed, bad: Mapping[str, str]) -> None:
    """Write the lists without bad videos, and those to a list of their own.

    Args:
        out: Folder to write to. A ``classes.txt`` beside a list is copied.
        listed: (path, label) of the originals, by list.
        bad: Why a video could not be encoded.

    Raises:
        ValueError: All videos of a list are bad.
    """
    report = out / BAD_VIDEOS
    report.unlink(missing_ok=True)
    if bad:
        lines = [f'{v}: {" ".join(bad[v].split())}\n' for v in bad]
        write_whole(report, ''.join(lines))
        print(f"bad videos, left out: {len(bad)}, see '{report}'")
    for path, videos in listed.items():
        good = [(target_of(v), label) for v, label in videos if v not in bad]
        if not good:
            raise ValueError(
                f"none of the {len(videos)} videos of '{path}' could be "
                f"encoded; the reasons are in '{report}'"
            )
        write_list(out / path.name, good)
        print(f'{out / path.name}: {len(good)} of {len(videos)} videos')
        classes = path.with_name(CLASSES)
        if classes.exists():
            write_classes(out / CLASSES, read_classes(classes))

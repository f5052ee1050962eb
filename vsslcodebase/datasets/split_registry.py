"""Which official split is a list of videos: told by digests.

``splits.json`` holds, for each split, two digests of the list that the
converters in ``tools/data`` make of the authors' files: one of the names of
its videos, which says what split a list is, and one of names and class
numbers, which says whether the classes are numbered as ours. Folders, suffixes
and the order of a list count in neither. The registry holds no names: how many
videos a list lacks can be told, which ones cannot.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from vsslcodebase.checkpoints.provenance import list_digest
from vsslcodebase.datasets.annotation import read_list

REGISTRY = Path(__file__).with_name('splits.json')
SHOWN_DIGITS = 12  # as in the line of the provenance


class Split(NamedTuple):
    """A registered split."""

    name: str  # such as 'ucf101/train1'
    videos: int
    classes: int  # that have a video
    names: str  # digest of the videos' names alone
    labels: str  # digest of names and class numbers
    lists: tuple[str, ...]  # ends of the paths that our configs give it
    source: str  # files of the authors that it was made of
    numbering: str  # what numbers the classes


class ListIdentity(NamedTuple):
    """What is known of a list of videos."""

    path: str
    videos: int
    names: str  # digest of the videos' names alone
    labels: str  # digest of names and class numbers: that of checkpoints
    split: Split | None  # which has these names
    expected: Split | None  # which the file is named after

    @property
    def is_numbered_alike(self) -> bool:
        """Whether the classes have the numbers of the registered split."""
        return self.split is not None and self.labels == self.split.labels

    def __str__(self) -> str:
        """Return one line for a log."""
        plural = 's' if self.videos != 1 else ''
        digits = self.labels[:SHOWN_DIGITS]
        size = f'{self.videos:,} video{plural}, sha256 {digits}'
        if self.split is None:
            wanted = self.expected
            hint = f'; {wanted.name} has {wanted.videos:,}' if wanted else ''
            if wanted and wanted.videos == self.videos:
                hint = f'; {wanted.name} has as many, but others'
            return f'{self.path} is no registered split, {size}{hint}'
        line = f'{self.path} = {self.split.name}, {size}'
        if not self.is_numbered_alike:
            line += f' (its classes are not numbered {self.split.numbering})'
        if self.expected not in (None, self.split):
            line += f', though it is named after {self.expected.name}'
        return line


def identify(
    list_file: str | Path, delimiter: str = ' ', num_videos: int | None = None
) -> ListIdentity:
    """Say which registered split a list is.

    Args:
        list_file: One ``path label`` a line.
        delimiter: What separates path and label.
        num_videos: Only the first so many are used; None for all.

    Raises:
        FileNotFoundError: There is no such list.
        ValueError: A line of it is wrong.
    """
    videos = read_list(list_file, delimiter)[:num_videos]
    is_whole = num_videos is None or len(videos) < num_videos
    return identify_videos(videos, str(list_file), is_whole)


def identify_videos(
    videos: Sequence[tuple[str, int]], path: str, is_whole: bool = True
) -> ListIdentity:
    """Say which registered split some videos are.

    Args:
        videos: (path, label) of each.
        path: Of their list, for the line that is logged.
        is_whole: Whether these are all of the list. Of a part it is not said
            which split the file is named after.
    """
    names = list_digest((video, 0) for video, _ in videos)
    by_names = {split.names: split for split in registered_splits().values()}
    return ListIdentity(
        path if is_whole else f'{path} (its first videos)',
        len(videos),
        names,
        list_digest(videos),
        by_names.get(names),
        _named_after(path) if is_whole else None,
    )


@lru_cache(maxsize=1)
def registered_splits() -> dict[str, Split]:
    """Return all registered splits by name."""
    content = json.loads(REGISTRY.read_text(encoding='utf-8'))
    numberings = {
        name: dataset['numbering']
        for name, dataset in content['datasets'].items()
    }
    splits = [
        Split(
            **entry | dict(lists=tuple(entry['lists'])),
            numbering=numberings[entry['name'].partition('/')[0]],
        )
        for entry in content['splits']
    ]
    return {split.name: split for split in splits}


def split_table() -> str:
    """Return the registry as Markdown, a table for each data set."""
    content = json.loads(REGISTRY.read_text(encoding='utf-8'))
    parts = []
    for key, dataset in content['datasets'].items():
        rows = [
            f'| `{split.name}` | {split.videos:,} | {split.classes} | '
            f'`{split.names[:SHOWN_DIGITS]}` | '
            f'`{split.labels[:SHOWN_DIGITS]}` | {split.source} |\n'
            for split in registered_splits().values()
            if split.name.startswith(f'{key}/')
        ]
        parts.append(
            f'**[{dataset["title"]}]({dataset["url"]})**, classes numbered '
            f'{dataset["numbering"]}.\n\n'
            '| split | videos | classes | names | names and labels | from |\n'
            '| --- | --- | --- | --- | --- | --- |\n' + ''.join(rows)
        )
    return '\n'.join(parts)


def _named_after(path: str) -> Split | None:
    """Return the split whose list our configs call so."""
    place = Path(path).absolute().as_posix()
    for split in registered_splits().values():
        if any(place.endswith(f'/{name}') for name in split.lists):
            return split
    return None

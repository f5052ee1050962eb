r"""Make the list of a Something-Something V2 split from its official json.

    python tools/data/something_something_v2.py \
        something-something-v2-labels.json something-something-v2-train.json \
        data/ssv2/videos data/ssv2/train.txt
    (and the same with -validation.json and data/ssv2/val.txt)

Videos are named <id>.webm. A video's class is its template without brackets;
videos of the test split have none, which gives the label -1. The classes are
written to classes.txt beside the list.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vsslcodebase.datasets.converter import (
    LabelledVideo,
    require_file,
    run,
)
from vsslcodebase.datasets.something_something import (
    split_parser,
    write_split,
)


def read_json(path: Path) -> Any:
    """Read a json file; say file and line where it is broken."""
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except json.JSONDecodeError as error:
        raise ValueError(
            f'{path}, line {error.lineno}: no valid json, {error.msg}'
        ) from None


def read_labels(path: Path) -> list[str]:
    """Return the class names in the order of their numbers."""
    numbers = read_json(path)
    try:
        names = sorted(numbers, key=lambda name: int(numbers[name]))
        is_complete = [int(numbers[n]) for n in names] == [*range(len(names))]
    except (TypeError, ValueError):
        is_complete = False
    if not is_complete:
        raise ValueError(
            f'{path}: expected {{"class name": "number", ...}} with the '
            'numbers from 0 up, each once'
        )
    return names


def read_split(path: Path, classes: list[str]) -> list[LabelledVideo]:
    """Return the videos of a split."""
    numbers = {name: number for number, name in enumerate(classes)}
    videos = []
    for place, entry in enumerate(read_json(path), 1):
        if not isinstance(entry, dict) or 'id' not in entry:
            raise ValueError(
                f'{path}, entry {place}: expected {{"id": ..., "template": '
                f'...}}, got {entry!r}'
            )
        label = -1
        if 'template' in entry:
            name = entry['template'].replace('[', '').replace(']', '')
            if name not in numbers:
                raise ValueError(
                    f'{path}, entry {place}: the labels have no class {name!r}'
                )
            label = numbers[name]
        videos.append(LabelledVideo(str(entry['id']), label))
    if not videos:
        raise ValueError(f'{path} names no video')
    return videos


def main() -> None:
    """Run the converter."""
    args = split_parser(__doc__).parse_args()
    require_file(args.labels, 'labels', 'the official labels.json')
    require_file(args.split, 'split', 'the official train.json or the like')
    classes = read_labels(args.labels)
    write_split(args, classes, read_split(args.split, classes))


if __name__ == '__main__':
    run(main)

r"""Make the list of a Something-Something V1 split from its official csv.

    python tools/data/something_something_v1.py \
        something-something-v1-labels.csv something-something-v1-train.csv \
        data/ssv1/videos data/ssv1/train.txt
    (and the same with -validation.csv and data/ssv1/val.txt)

Videos are folders of frames, <id>/00001.jpg and so on, as they are
distributed; with ``--format webm`` they are files <id>.webm. A class's number
is its line in the labels, from 0. Videos of the test split have no class,
which gives the label -1. The classes are written to classes.txt beside the
list.
"""

from __future__ import annotations

from pathlib import Path

from vsslcodebase.datasets.annotation import shorten
from vsslcodebase.datasets.converter import (
    FRAME_FOLDERS,
    VIDEO_FILES,
    LabelledVideo,
    require_file,
    run,
)
from vsslcodebase.datasets.something_something import (
    split_parser,
    write_split,
)

FORMATS = {'frames': FRAME_FOLDERS, 'webm': VIDEO_FILES}


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines that are not empty, with their numbers from 1."""
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is no text in UTF-8 ({error})') from None
    lines = [(n, line.strip()) for n, line in enumerate(text.split('\n'), 1)]
    return [(number, line) for number, line in lines if line]


def read_labels(path: Path) -> list[str]:
    """Return the class names in the order of their numbers."""
    names: dict[str, int] = {}
    for number, name in read_lines(path):
        if ';' in name:
            raise ValueError(
                f'{path}, line {number}: expected the name of a class, got '
                f'{shorten(name)!r}; the labels come before the split'
            )
        if name in names:
            raise ValueError(
                f'{path}, line {number}: {name!r} is line {names[name]}, too'
            )
        names[name] = number
    if not names:
        raise ValueError(f'{path} names no class')
    return list(names)


def read_split(path: Path, classes: list[str]) -> list[LabelledVideo]:
    """Return the videos of a split, whose lines are ``id;class name``."""
    labels = {name: label for label, name in enumerate(classes)}
    videos: dict[str, LabelledVideo] = {}
    for number, line in read_lines(path):
        where = f'{path}, line {number}'
        video, name = (part.strip() for part in line.partition(';')[::2])
        if not video.isdecimal():
            raise ValueError(
                f'{where}: expected "id;class name" with a number for id, '
                f'got {shorten(line)!r}'
            )
        if name and name not in labels:
            raise ValueError(f'{where}: the labels have no class {name!r}')
        if video in videos:
            raise ValueError(f'{where}: the video {video} is there twice')
        videos[video] = LabelledVideo(video, labels[name] if name else -1)
    if not videos:
        raise ValueError(f'{path} names no video')
    return list(videos.values())


def main() -> None:
    """Run the converter."""
    parser = split_parser(__doc__)
    parser.add_argument(
        '--format',
        choices=FORMATS,
        default='frames',
        help='folders of frames, or files <id>.webm (default: %(default)s)',
    )
    args = parser.parse_args()
    require_file(args.labels, 'labels', 'the official labels.csv')
    require_file(args.split, 'split', 'the official train.csv or the like')
    classes = read_labels(args.labels)
    videos = read_split(args.split, classes)
    write_split(args, classes, videos, FORMATS[args.format])


if __name__ == '__main__':
    run(main)

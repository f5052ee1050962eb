"""What the converters of Something-Something V1 and V2 have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .annotation import write_classes
from .converter import (
    VIDEO_FILES,
    LabelledVideo,
    VideoStorage,
    convert,
    converter_parser,
)
from .mirrored_classes import mirrored_classes


def split_parser(description: str) -> argparse.ArgumentParser:
    """Return a command line parser for one split of a version."""
    parser = converter_parser(description)
    parser.add_argument('labels', type=Path, help='file of the classes')
    parser.add_argument('split', type=Path, help='file of the split')
    parser.add_argument('videos', type=Path, help='folder of the videos')
    parser.add_argument('list', type=Path, help='list file to write')
    return parser


def write_split(
    args: argparse.Namespace,
    classes: Sequence[str],
    videos: Sequence[LabelledVideo],
    storage: VideoStorage = VIDEO_FILES,
) -> None:
    """Write the list and the class file, and say what a flip exchanges.

    Args:
        args: Of :func:`split_parser`.
        classes: Names in the order of their numbers.
        videos: What the annotations name.
        storage: How the videos are kept.

    Raises:
        ValueError: There are none of the videos, or other classes are there.
    """
    write_classes(args.list.with_name('classes.txt'), classes)
    pairs = mirrored_classes(classes)
    if pairs:
        print(f'Classes that a flip exchanges: flip_label_map={pairs}')
    convert(
        {args.list: videos}, args.videos, args.check, args.workers, storage
    )

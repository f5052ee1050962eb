r"""Make the lists of HMDB51 from its official split files.

    python tools/data/hmdb51.py testTrainMulti_7030_splits \
        data/hmdb51/videos data/hmdb51

Reads <class>_test_split<1, 2, 3>.txt, whose lines name a video and 1 (train),
2 (test) or 0 (neither), and writes train_split1.txt, test_split1.txt, ... and
classes.txt. Classes are numbered by name. Videos may lie in folders per class
or in one.
"""

from __future__ import annotations

import re
from pathlib import Path

from vsslcodebase.datasets.annotation import write_classes
from vsslcodebase.datasets.converter import (
    LabelledVideo,
    convert,
    converter_parser,
    require_folder,
    run,
)

SPLIT_FILE = re.compile(r'(?P<name>.+)_test_split(?P<split>[123])\.txt')
PARTS = {'0': None, '1': 'train', '2': 'test'}


def read_splits(
    folder: Path,
) -> tuple[dict[str, list[LabelledVideo]], list[str]]:
    """Return the videos of 'train_split1', ..., and the class names."""
    files = [
        (match['name'], match['split'], path)
        for path in sorted(folder.iterdir())
        if (match := SPLIT_FILE.fullmatch(path.name))
    ]
    if not files:
        raise ValueError(f"no <class>_test_split1.txt in '{folder}'")
    classes = sorted({name for name, _, _ in files})
    splits: dict[str, list[LabelledVideo]] = {}
    for name, split, path in files:
        for video, part in read_file(path):
            splits.setdefault(f'{part}_split{split}', []).append(
                LabelledVideo(video, classes.index(name))
            )
    return splits, classes


def read_file(path: Path) -> list[tuple[str, str]]:
    """Return (video name, 'train' or 'test') of one split file."""
    videos = []
    lines = path.read_text(encoding='utf-8').splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        video, _, part = line.strip().rpartition(' ')
        if not video or part not in PARTS:
            raise ValueError(
                f'{path}, line {number}: expected "<video>.avi" and 0, 1 or '
                f'2, got {line!r}'
            )
        if PARTS[part]:
            videos.append((Path(video.strip()).stem, PARTS[part]))
    return videos


def main() -> None:
    """Run the converter."""
    parser = converter_parser(__doc__)
    parser.add_argument('splits', type=Path, help='folder of the split files')
    parser.add_argument('videos', type=Path, help='folder of the videos')
    parser.add_argument('out', type=Path, help='folder for the lists')
    args = parser.parse_args()
    require_folder(
        args.splits, 'splits', 'the unpacked folder of <class>_test_split1.txt'
    )
    splits, classes = read_splits(args.splits)
    write_classes(args.out / 'classes.txt', classes)
    lists = {
        args.out / f'{name}.txt': videos
        for name, videos in sorted(splits.items())
    }
    convert(lists, args.videos, args.check, args.workers)


if __name__ == '__main__':
    run(main)

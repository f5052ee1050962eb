"""Make the list of a Kinetics-400 split from its official csv file.

    cd data/k400
    python ../../tools/data/kinetics400.py train.csv train train.txt
    python ../../tools/data/kinetics400.py val.csv val val.txt

The csv has the columns label, youtube_id, time_start, time_end. Videos are
named <youtube_id>_<start>_<end>, times in six digits, and may lie in folders
per class or in one. Classes are numbered by name and written to classes.txt
beside the list.
"""

from __future__ import annotations

import csv
from pathlib import Path

from vsslcodebase.datasets.annotation import write_classes
from vsslcodebase.datasets.converter import (
    LabelledVideo,
    convert,
    converter_parser,
    require_file,
    run,
)

COLUMNS = ('label', 'youtube_id', 'time_start', 'time_end')


def read_csv(path: Path) -> tuple[list[LabelledVideo], list[str]]:
    """Return the videos of a csv file, and the names of its classes."""
    rows = []
    with path.open(encoding='utf-8', newline='') as file:
        reader = csv.DictReader(file)
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise ValueError(
                f'{path}, line 1: the columns {sorted(missing)} are missing, '
                f'found {reader.fieldnames}'
            )
        for row in reader:
            label, youtube_id, start, end = (row[name] for name in COLUMNS)
            try:
                name = f'{youtube_id}_{int(start):06d}_{int(end):06d}'
            except (TypeError, ValueError):
                raise ValueError(
                    f'{path}, line {reader.line_num}: expected times in '
                    f'seconds, got time_start={start!r}, time_end={end!r}'
                ) from None
            if not label or not youtube_id:
                raise ValueError(
                    f'{path}, line {reader.line_num}: expected a label and a '
                    f'youtube_id, got {label!r} and {youtube_id!r}'
                )
            rows.append((name, label))
    if not rows:
        raise ValueError(f'{path} names no video')
    classes = sorted({label for _, label in rows})
    numbers = {label: number for number, label in enumerate(classes)}
    videos = [LabelledVideo(name, numbers[label]) for name, label in rows]
    return videos, classes


def main() -> None:
    """Run the converter."""
    parser = converter_parser(__doc__)
    parser.add_argument('csv', type=Path, help='official annotations')
    parser.add_argument('videos', type=Path, help='folder of the videos')
    parser.add_argument('list', type=Path, help='list file to write')
    args = parser.parse_args()
    require_file(args.csv, 'csv', 'the official train.csv or val.csv')
    videos, classes = read_csv(args.csv)
    write_classes(args.list.with_name('classes.txt'), classes)
    convert({args.list: videos}, args.videos, args.check, args.workers)


if __name__ == '__main__':
    run(main)

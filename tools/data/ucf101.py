"""Make the lists of UCF101 from its official train/test split files.

    python tools/data/ucf101.py ucfTrainTestlist data/ucf101/videos data/ucf101

Reads classInd.txt, trainlist01.txt, testlist01.txt, ... and writes
train_split1.txt, test_split1.txt, ... and classes.txt. Videos may lie in
folders per class or in one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from vsslcodebase.datasets.annotation import write_classes
from vsslcodebase.datasets.converter import (
    LabelledVideo,
    convert,
    converter_parser,
    require_file,
    require_folder,
    run,
)


def read_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbers (from 1) and words of the lines that have any."""
    lines = path.read_text(encoding='utf-8').splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line.split()


def read_classes(path: Path) -> list[str]:
    """Return the class names of classInd.txt, lines "1 ApplyEyeMakeup"."""
    names: list[str] = []
    for line, words in read_lines(path):
        if len(words) != 2 or words[0] != str(len(names) + 1):
            raise ValueError(
                f'{path}, line {line}: expected "{len(names) + 1} '
                f'<class name>", got {" ".join(words)!r}'
            )
        names.append(words[1])
    return names


def read_split(path: Path, classes: list[str]) -> list[LabelledVideo]:
    """Return the videos of a trainlist or testlist.

    Lines are "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi", in train lists
    followed by the class number, counted from 1.
    """
    labels = {name: number for number, name in enumerate(classes)}
    videos = []
    for line, words in read_lines(path):
        video = PurePosixPath(words[0])
        label = labels.get(video.parent.name)
        if label is None or len(words) > 2:
            raise ValueError(
                f'{path}, line {line}: expected "<class>/<video>.avi" with a '
                f'class of classInd.txt, got {" ".join(words)!r}'
            )
        if len(words) == 2 and words[1] != str(label + 1):
            raise ValueError(
                f'{path}, line {line}: classInd.txt gives '
                f'{video.parent.name} the number {label + 1}, this line '
                f'{words[1]}'
            )
        videos.append(LabelledVideo(video.stem, label))
    return videos


def main() -> None:
    """Run the converter."""
    parser = converter_parser(__doc__)
    parser.add_argument('splits', type=Path, help='folder of the split files')
    parser.add_argument('videos', type=Path, help='folder of the videos')
    parser.add_argument('out', type=Path, help='folder for the lists')
    args = parser.parse_args()
    expected = 'the unpacked folder of classInd.txt and trainlist01.txt'
    require_folder(args.splits, 'splits', expected)
    require_file(args.splits / 'classInd.txt', 'splits', expected)
    classes = read_classes(args.splits / 'classInd.txt')
    paths = sorted(args.splits.glob('t*list0[123].txt'))
    if not paths:
        raise ValueError(
            f"no trainlist01.txt or testlist01.txt in '{args.splits}'"
        )
    write_classes(args.out / 'classes.txt', classes)
    lists = {}
    for path in paths:
        part, split = path.stem.split('list0')
        target = args.out / f'{part}_split{split}.txt'
        lists[target] = read_split(path, classes)
    convert(lists, args.videos, args.check, args.workers)


if __name__ == '__main__':
    run(main)

"""Draw test videos and what they retrieve, right or wrong.

    python tools/visualization/retrieval_gallery.py \
        features/train.npy features/test.npy --num-queries 8 --out found.png

Each row is a query and its nearest videos of the gallery, framed in green
where the class is right and in red where it is wrong. Features are those of
``tools/extract_features.py``, per video; the videos are read where its index
says, or below --root.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from vsslcodebase.datasets.annotation import leaves
from vsslcodebase.datasets.readers import (
    BadVideoError,
    open_reader,
)
from vsslcodebase.engine.arguments import natural
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation import VideoFeatures, nearest, open_features
from vsslcodebase.evaluation.labelled_sets import (
    check_apart,
    check_labels,
    check_settings,
)
from vsslcodebase.visualization.retrieval_sheet import Tile, retrieval_sheet


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('gallery', help='features of the training split')
    add('query', help='features of the test split')
    add('--out', default='work_dirs/retrieval.png', help='image to write')
    add('--rows', type=int, nargs='+', help='which queries, from 0')
    add(
        '--num-queries',
        type=natural,
        default=8,
        help='without --rows: so many, drawn with --seed',
    )
    add('--seed', type=int, default=0)
    add('--nearest', type=natural, default=5, help='videos per query')
    add('--frames', type=int, choices=(1, 3), default=1, help='of a video')
    add('--classes', help='text file with a class name per line')
    add('--root', help='folder that the paths of the index start from')
    add('--tile', type=natural, default=112, help='pixels of a frame')
    return parser.parse_args()


def main() -> None:
    """Write the picture."""
    args = parse_args()
    path = Path(args.out)
    if not cv2.haveImageWriter(str(path)):
        raise UsageError(f'--out is an image, as found.png, got {path}')
    gallery, query = open_features(args.gallery), open_features(args.query)
    check_settings(gallery.settings, query.settings)
    for name, saved in (('gallery', gallery), ('query', query)):
        if saved.videos.features.ndim != 2:
            raise UsageError(
                f'the {name} has features of clips; the picture shows '
                'videos: extract them with --level video'
            )
        check_labels(name, saved.videos.labels.tolist())
    check_apart(gallery.videos.filenames, query.videos.filenames)
    rows = choose(args.rows, args.num_queries, args.seed, query.videos)
    names = class_names(args.classes)
    draw = Drawer(gallery.videos, query.videos, names, args.frames, args.root)
    found = nearest(
        gallery.videos.features, query.videos.features[rows], args.nearest
    )
    sheet = retrieval_sheet(
        [
            [draw.query(row), *draw.found(row, similarities, indices)]
            for row, similarities, indices in zip(
                rows, found.similarities.tolist(), found.indices.tolist()
            )
        ],
        args.tile,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), sheet[..., ::-1]):  # OpenCV wants BGR
        raise UsageError(f'cannot write an image to {path}')
    print(f'{len(rows)} queries on {path}')


def choose(
    rows: list[int] | None, count: int, seed: int, query: VideoFeatures
) -> list[int]:
    """Return which queries to show."""
    total = len(query.labels)
    if rows is None:
        order = torch.Generator().manual_seed(seed)
        drawn = torch.randperm(total, generator=order)[:count]
        return sorted(drawn.tolist())
    for row in rows:
        if not 0 <= row < total:
            raise UsageError(f'--rows are 0 to {total - 1}, got {row}')
    return rows


def class_names(path: str | None) -> list[str]:
    """Read the names of classes 0, 1, ...; none without a file."""
    if path is None:
        return []
    if not Path(path).is_file():
        raise UsageError(f'there is no file of class names {path}')
    return Path(path).read_text().splitlines()


class Drawer:
    """Makes tiles of videos.

    Args:
        gallery: Features, of which labels and paths are used.
        query: The same.
        names: Of the classes, or nothing.
        num_frames: 1, the middle one, or 3 of a video.
        root: Folder of the videos; None where the paths say it.
    """

    def __init__(
        self,
        gallery: VideoFeatures,
        query: VideoFeatures,
        names: list[str],
        num_frames: int,
        root: str | None,
    ) -> None:
        self.gallery, self.queries = gallery, query
        self.names, self.num_frames, self.root = names, num_frames, root

    def query(self, row: int) -> Tile:
        """Return the tile of a query."""
        name = self.queries.filenames[row]
        label = int(self.queries.labels[row])
        return Tile(self._frames(name), self._name(label), f'query {row}')

    def found(
        self, row: int, similarities: list[float], indices: list[int]
    ) -> list[Tile]:
        """Return the tiles of what a query has found."""
        wanted = int(self.queries.labels[row])
        tiles = []
        for similarity, index in zip(similarities, indices):
            label = int(self.gallery.labels[index])
            word = 'right' if label == wanted else 'wrong'
            tiles.append(
                Tile(
                    self._frames(self.gallery.filenames[index]),
                    self._name(label),
                    f'{similarity:.3f} {word}',
                    label == wanted,
                )
            )
        return tiles

    def _name(self, label: int) -> str:
        """Name a class, by its number where there is no name."""
        known = 0 <= label < len(self.names)
        return self.names[label] if known else f'class {label}'

    def _frames(self, name: str) -> np.ndarray:
        """Read frames, evenly spaced from within the video."""
        path = str(Path(self.root or '', name))
        if self.root and leaves(name, self.root):
            raise UsageError(
                f'the index names {name!r}, which is not below --root '
                f"'{self.root}'; leave --root out if its paths are whole"
            )
        try:
            with open_reader(path, 'pyav') as reader:
                parts = np.arange(1, self.num_frames + 1)
                places = parts / (self.num_frames + 1) * reader.total_frames
                return np.stack(reader.get_frames(places.astype(int)))
        except BadVideoError as error:
            raise UsageError(
                f'cannot read {error}; --root names the folder that the '
                'paths of the index start from'
            ) from error


if __name__ == '__main__':
    with one_sentence():
        main()

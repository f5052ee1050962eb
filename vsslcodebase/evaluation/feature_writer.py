"""Write the features of a data set to disk, going on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset, Subset

from .feature_files import (
    check_suffix,
    create_array,
    index_path,
    open_array,
    read_index,
    read_settings,
    settings_path,
)
from .features import VideoFeatures, batch_features, evaluating
from .layers import LayerReader

Report = Callable[[int, int], None]


class SettingsError(ValueError):
    """Features of other settings are in the way."""


def save_features(
    model: BaseModel,
    dataset: Dataset,
    path: Path,
    reader: LayerReader,
    settings: dict[str, Any],
    loader: dict[str, Any],
    average_clips: bool = True,
    report: Report | None = None,
) -> int:
    """Write features of all videos, those that are not there yet.

    A row counts as done when its line is in the index, which is written
    after the row is on disk. Batches begin at the same videos after an
    interruption, so that the file is the same, bit by bit, as that of an
    uninterrupted run (on a CPU; a GPU has its own tolerances). Memory: one
    batch; the array is on disk.

    Args:
        model: As for ``extract_features``.
        dataset: In test mode: what it gives must not depend on chance.
        path: The array to write, see ``feature_files``; folders are made.
        reader: The layer.
        settings: All that the features depend on; JSON values.
        loader: ``batch_size`` and further options of a data loader.
        average_clips: Average the V clips of a video.
        report: Called with (videos done, videos in all), at first and after
            each batch.

    Returns:
        The number of videos written, 0 if all were there.

    Raises:
        ValueError: The data set is empty, the suffix unknown, or there is
            something else at ``path``.
        SettingsError: There are features of other settings, named with both
            values.
        TypeError: The data set has no length.
    """
    writer = FeatureWriter(path)
    total = count_videos(dataset)
    writer.settle(settings)
    first = writer.finished(total, loader['batch_size'])
    tell = report or (lambda done, total: None)
    tell(first, total)
    if first == total:
        return 0
    rest = Subset(dataset, range(first, total))
    with evaluating(model), writer.going_on(first, total):
        done = first
        for batch in build_in_order(dict(loader, dataset=rest)):
            part = batch_features(model, batch, reader, average_clips)
            writer.write(part)
            done += len(part.labels)
            tell(done, total)
    return total - first


class FeatureWriter:
    """Writes the rows of one array, in order, with index and settings.

    Args:
        path: The array, see ``feature_files``.

    Raises:
        ValueError: The suffix is unknown.
    """

    def __init__(self, path: Path) -> None:
        check_suffix(path)
        self.path = path
        self._index: IO[str] | None = None
        self._array: np.memmap | None = None

    def settle(self, settings: dict[str, Any]) -> None:
        """Write the settings, or compare them with those that are there.

        Raises:
            SettingsError: There are features of other settings.
            ValueError: There is something else.
        """
        _settle(self.path, settings)

    def finished(self, total: int, batch_size: int) -> int:
        """Return how many rows are done; of a cut off batch none is."""
        done = len(read_index(index_path(self.path)))
        return done if done >= total else done - done % batch_size

    @contextmanager
    def going_on(self, first: int, total: int) -> Iterator[None]:
        """Open the files for :meth:`write`, to write from a row on.

        Args:
            first: Rows before it are done and kept.
            total: Rows of the array.
        """
        with _index_from(self.path, first) as self._index:
            self._array = open_array(self.path, 'r+') if first else None
            self._row, self._total = first, total
            try:
                yield
            finally:
                self._array = None

    def write(self, part: VideoFeatures) -> None:
        """Write the next rows: first the array, then the index."""
        assert self._index is not None
        rows = part.features.numpy()
        if self._array is None:
            shape = (self._total, *rows.shape[1:])
            self._array = create_array(self.path, shape)
        self._array[self._row : self._row + len(rows)] = rows
        self._array.flush()
        _note(self._index, part, self._row)
        self._row += len(rows)


def count_videos(dataset: Dataset) -> int:
    """Return the length of a data set.

    Raises:
        ValueError: It is empty.
        TypeError: It has none.
    """
    if not isinstance(dataset, Sized):
        raise TypeError(
            'features need a data set with a length, to be begun again where '
            f'they stopped; {type(dataset).__name__} has none'
        )
    if not len(dataset):
        raise ValueError('there are no videos to take features of')
    return len(dataset)


def _settle(path: Path, settings: dict[str, Any]) -> None:
    """Write the settings, or compare them with those that are there."""
    file = settings_path(path)
    wanted = json.loads(json.dumps(settings))
    if file.is_file():
        other = difference(read_settings(file), wanted)
        if other:
            raise SettingsError(
                f'{path} was begun with other settings ({other}); write to '
                f'another folder, or remove {path.stem}.* there'
            )
        return
    if path.exists():
        raise ValueError(
            f'{path} is there without its settings {file.name}; remove it, '
            'or write to another folder'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix('.json.part')
    partial.write_text(json.dumps(wanted, indent=1) + '\n')
    partial.replace(file)


def difference(
    given: dict[str, Any],
    wanted: dict[str, Any],
    keys: Sequence[str] | None = None,
) -> str:
    """Say what differs between two settings; '' where nothing does.

    Args:
        given: Settings as in a file.
        wanted: Settings to compare with.
        keys: Those that matter; all by default.
    """
    lines = []
    for key in keys or sorted({*given, *wanted}):
        one, other = given.get(key), wanted.get(key)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            lines.append(f'{key}: {difference(one, other)}')
        else:
            lines.append(f'{key}: {one!r} there, {other!r} now')
    return '; '.join(lines)


def _index_from(path: Path, first: int) -> IO[str]:
    """Open the index for writing after its first lines."""
    rows = read_index(index_path(path))[:first]
    partial = index_path(path).with_suffix('.jsonl.part')
    partial.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    partial.replace(index_path(path))
    return index_path(path).open('a', encoding='utf-8')


def _note(index: IO[str], part: VideoFeatures, first: int) -> None:
    """Add the lines of a batch whose features are on disk."""
    for row, (name, label, video_id) in enumerate(
        zip(part.filenames, part.labels.tolist(), part.video_ids.tolist()),
        start=first,
    ):
        line = dict(row=row, filename=name, label=label, video_id=video_id)
        index.write(json.dumps(line) + '\n')
    index.flush()


def build_in_order(loader: dict[str, Any]) -> DataLoader:
    """Build a data loader that gives all its videos, in the list's order.

    Of several processes each gets its share, filled up with the first videos
    so that all have the same number.

    Args:
        loader: Config of a data loader; its sampler and ``drop_last`` are
            replaced.
    """
    options = {
        key: value
        for key, value in loader.items()
        if key not in ('sampler', 'drop_last', 'batch_sampler')
    }
    if not options.get('num_workers'):  # torch refuses them without workers
        options.pop('prefetch_factor', None)
        options.pop('persistent_workers', None)
    sampler = dict(type='DefaultSampler', shuffle=False)
    return Runner.build_dataloader(dict(options, sampler=sampler))

"""Saved features: an array that is never read whole, an index, settings.

Three files with one stem lie in a folder:

- ``train.npy`` or ``train.safetensors``: float32 (N, D), or (N, V, D) with
  clips kept apart. In the latter the array is called 'features'.
- ``train.jsonl``: a line for each finished row, in order, with ``row``,
  ``filename``, ``label`` (-1 for none) and ``video_id`` (the line of the
  list, from 0).
- ``train.json``: how they were made: ``layer``, ``pool``, ``level``, a digest
  of the weights, the data set, and so on.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import nn

from .features import VideoFeatures

Mode = Literal['r', 'r+', 'c']
SUFFIXES = ('.npy', '.safetensors')
# of the index: its columns
ROW = dict(row=int, filename=str, label=int, video_id=int)


class SavedFeatures(NamedTuple):
    """What ``open_features`` returns.

    Attributes:
        videos: The features, read from disk where they are used.
        settings: How they were made.
    """

    videos: VideoFeatures
    settings: dict[str, Any]


def open_features(path: str | Path) -> SavedFeatures:
    """Open saved features for reading, without loading them.

    Args:
        path: The array, .npy or .safetensors; index and settings lie beside.

    Raises:
        FileNotFoundError: One of the three files is missing.
        ValueError: A file is damaged, the array is not float32 of 2 or 3
            dimensions, or its rows are not finished or none.
    """
    path = Path(path)
    for file in (path, index_path(path), settings_path(path)):
        if not file.is_file():
            raise FileNotFoundError(
                f'there is no {file}; saved features are an array '
                f'({" or ".join(SUFFIXES)}), its index .jsonl and its '
                'settings .json, as tools/extract_features.py writes them'
            )
    array = open_array(path, 'c')  # torch warns of arrays for reading only
    if array.ndim not in (2, 3) or array.dtype != np.float32:
        raise ValueError(
            f'{path} holds {array.dtype} {array.shape}, expected float32 '
            'features (N, D), or (N, V, D) of clips'
        )
    rows = read_index(index_path(path))
    if len(rows) != len(array) or not rows:
        raise ValueError(
            f'{path} has {len(rows)} of {len(array)} videos; extract the '
            'rest with the command that began it'
        )
    videos = VideoFeatures(
        torch.from_numpy(array),
        torch.tensor([row['label'] for row in rows]),
        torch.tensor([row['video_id'] for row in rows]),
        [row['filename'] for row in rows],
    )
    return SavedFeatures(videos, read_settings(settings_path(path)))


def index_path(path: Path) -> Path:
    """Return where the index of an array lies."""
    return path.with_suffix('.jsonl')


def settings_path(path: Path) -> Path:
    """Return where the settings of an array lie."""
    return path.with_suffix('.json')


def read_settings(path: Path) -> dict[str, Any]:
    """Read the settings of an array.

    Raises:
        ValueError: They are damaged; the file is named.
    """
    text = path.read_text(encoding='utf-8', errors='replace')
    return _parse(text, str(path))


def read_index(path: Path) -> list[dict[str, Any]]:
    """Read the finished rows; a last line that was cut off does not count.

    Raises:
        ValueError: A line is no row; it is named.
    """
    if not path.is_file():
        return []
    lines = path.read_text(encoding='utf-8', errors='replace').split('\n')
    return [
        _parse(line, f'{path}, line {number}', ROW)
        for number, line in enumerate(lines[:-1], 1)
    ]


def _parse(
    text: str, source: str, columns: dict[str, type] | None = None
) -> dict[str, Any]:
    """Return the object that a JSON text is.

    Args:
        text: The JSON.
        source: What to call it in an error.
        columns: Keys that it has, and the types of their values.

    Raises:
        ValueError: It is something else.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f'{source} is damaged: {error}') from error
    columns = columns or {}
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), kind) for key, kind in columns.items()
    ):
        expected = f'an object with {", ".join(columns) or "settings"}'
        raise ValueError(f'{source}: expected {expected}, got {text[:80]!r}')
    return found


def create_array(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """Make a file for float32 numbers, and map it for writing.

    The disk space is taken as rows are written, not now.

    Raises:
        ValueError: The name ends in neither .npy nor .safetensors.
    """
    check_suffix(path)
    if path.suffix == '.npy':
        return open_memmap(path, 'w+', np.float32, shape)
    num_bytes = 4 * math.prod(shape)
    entry = dict(dtype='F32', shape=shape, data_offsets=(0, num_bytes))
    header = json.dumps(dict(features=entry)).encode()
    header += b' ' * (-len(header) % 8)
    with path.open('wb') as file:
        file.write(len(header).to_bytes(8, 'little') + header)
        file.truncate(8 + len(header) + num_bytes)
    return open_array(path, 'r+')


def open_array(path: Path, mode: Mode = 'r') -> np.memmap:
    """Map an array that ``create_array`` made.

    Args:
        path: .npy, or .safetensors with an array 'features'.
        mode: 'r' to read, 'r+' to write, too; 'c' writes to memory only.

    Raises:
        ValueError: It is not such a file.
    """
    check_suffix(path)
    if path.suffix == '.npy':
        try:
            return open_memmap(path, mode)
        except OSError:
            raise
        except Exception as error:  # a damaged header fails in any way
            raise ValueError(
                f'{path} is no whole array of numbers: {error}'
            ) from error
    with path.open('rb') as file:
        size = int.from_bytes(file.read(8), 'little')
        text = file.read(size) if size < path.stat().st_size else b''
    try:
        entry = json.loads(text)['features']
        start, stop = entry['data_offsets']
        shape = tuple(entry['shape'])
        is_float32 = entry['dtype'] == 'F32'
        fits = stop - start == 4 * math.prod(shape)
        fits = fits and min(start, *shape) >= 0
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is no safetensors file with an array 'features'"
        ) from error
    if not is_float32 or not fits or path.stat().st_size < 8 + size + stop:
        raise ValueError(f'{path} is cut off, or holds no float32 numbers')
    return np.memmap(path, np.float32, mode, 8 + size + start, shape)


def check_suffix(path: Path) -> None:
    """Raise ``ValueError`` unless the name is of a kind that is known."""
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f'features are saved as {" or ".join(SUFFIXES)}, got {path}'
        )


def weights_digest(network: nn.Module) -> str:
    """Return 16 hex digits that stand for all weights and statistics."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        raw = value.detach().cpu().contiguous().view(-1).view(torch.uint8)
        digest.update(raw.numpy().tobytes())
    return digest.hexdigest()[:16]

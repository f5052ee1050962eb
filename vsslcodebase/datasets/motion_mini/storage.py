"""Files that appear whole, and the manifest that says whose folder it is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .encode import PART

MANIFEST = 'manifest.json'


def write_text(path: Path, text: str) -> None:
    """Write a text file that appears whole or not at all."""
    part = path.with_name(f'.{path.name}{PART}')
    part.write_text(text)
    os.replace(part, path)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file that appears whole or not at all."""
    write_text(path, json.dumps(content, indent=1) + '\n')


def claim_folder(root: Path, parameters: dict[str, Any]) -> bool:
    """Claim a folder for a data set, or recognise it.

    Args:
        root: Made if need be.
        parameters: What decides the content; as JSON would give it back.

    Returns:
        Whether the data set was finished before.

    Raises:
        ValueError: If the folder belongs to something else.
    """
    path = root / MANIFEST
    if not path.exists():
        if root.exists() and not (root.is_dir() and _is_empty(root)):
            raise ValueError(
                f'{root} exists, is not empty and has no {MANIFEST}: not a '
                'motion-mini; choose another folder'
            )
        root.mkdir(parents=True, exist_ok=True)
        write_json(path, {**parameters, 'finished': False})
        return False
    there = json.loads(path.read_text())
    finished = bool(there.pop('finished', False))
    if there != parameters:
        lines = _differences(there, parameters)
        more = f' and {len(lines) - 4} more' if len(lines) > 4 else ''
        raise ValueError(
            f'{root} holds a motion-mini with other parameters: '
            f'{"; ".join(lines[:4])}{more}. Delete it or choose another '
            'folder'
        )
    return finished


def mark_finished(root: Path, parameters: dict[str, Any]) -> None:
    """Write into the manifest that nothing is missing."""
    write_json(root / MANIFEST, {**parameters, 'finished': True})


def clean_folder(folder: Path) -> set[str]:
    """Make a folder, remove half-written files, list the whole ones."""
    folder.mkdir(exist_ok=True)
    names = set(os.listdir(folder))
    broken = {name for name in names if PART in name}
    for name in broken:
        (folder / name).unlink(missing_ok=True)
    return names - broken


def _is_empty(root: Path) -> bool:
    """Say whether nothing but half-written files is there."""
    return all(PART in name for name in os.listdir(root))


def _differences(
    there: dict[str, Any], asked: dict[str, Any], prefix: str = ''
) -> list[str]:
    """List where two manifests differ."""
    lines = []
    for key in sorted(set(there) | set(asked)):
        a, b = there.get(key), asked.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            lines += _differences(a, b, f'{prefix}{key}.')
        elif a != b:
            lines.append(f'{prefix}{key} is {a}, asked for {b}')
    return lines

"""A config file that inherits from another and says what is different."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import Any

from mmengine.config import Config


def write_child(
    path: Path, base: Config, changed: Config, docstring: str
) -> None:
    """Write a config that has ``base`` as its base.

    Args:
        path: To be written; its folder is made if need be.
        base: As read from its file.
        changed: What the new config is to be: keys were set, none removed.
        docstring: Of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name = Path(os.path.relpath(base.filename, path.parent)).as_posix()
    new = difference(base.to_dict(), changed.to_dict())
    text = (
        '\n'.join([f'"""{docstring}"""', f'_base_ = {name!r}', '', ''])
        + Config(new).pretty_text
    )
    path.write_text(text, encoding='utf-8')


def difference(base: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return what has to be merged into ``base`` to make ``new``.

    Lists are taken whole, as mmengine merges them.
    """
    changed: dict[str, Any] = {}
    for key, value in new.items():
        before = base.get(key)
        if key in base and before == value:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            changed[key] = difference(before, value)
        else:
            changed[key] = value
    return changed

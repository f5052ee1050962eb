"""Features of an inferencer as files that our other tools open."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vsslcodebase.datasets.annotation import write_whole
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.feature_files import (
    check_suffix,
    create_array,
    index_path,
    settings_path,
)


def check_output(out: str | Path) -> Path:
    """Return the path of an array that may be written; make its folder.

    Raises:
        ValueError: It has another suffix than .npy and .safetensors.
        UsageError: It is there already, or cannot be written there.
    """
    path = Path(out).expanduser()
    check_suffix(path)
    for file in (path, index_path(path), settings_path(path)):
        if file.exists():
            raise UsageError(
                f'{file} is there already; remove it, or write to another file'
            )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(path.parent, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise UsageError(f'{path} cannot be written, choose another folder')
    return path


def failed_path(path: Path) -> Path:
    """Return where the videos are listed that were left out."""
    return path.with_suffix('.failed.txt')


def write_output(
    path: Path, result: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    """Write array, index and settings as ``feature_files`` has them.

    The list of what failed has a line 'name, tab, reason' each; it is there
    if anything did.

    Args:
        path: The array, of ``check_output``.
        result: What the inferencer returns.
        settings: How the features were made; JSON values.
    """
    features = result['features']
    array = create_array(path, features.shape)
    array[:] = features
    array.flush()
    rows = zip(result['names'], result['labels'].tolist())
    index = [
        dict(row=row, filename=name, label=label, video_id=row)
        for row, (name, label) in enumerate(rows)
    ]
    lines = [json.dumps(row) + '\n' for row in index]
    write_whole(index_path(path), ''.join(lines))
    about = dict(settings, videos=len(index))
    write_whole(settings_path(path), json.dumps(about, indent=1) + '\n')
    failed = [
        f'{name}\t{" ".join(why.split())}\n' for name, why in result['failed']
    ]
    if failed:
        write_whole(failed_path(path), ''.join(failed))
    else:
        failed_path(path).unlink(missing_ok=True)

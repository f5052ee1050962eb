"""A digest of all that the features of a list of videos depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from .feature_files import weights_digest
from .gallery_metric import colours_of

PLAIN = (bool, int, float, str, tuple, list)


def features_digest(
    model: Any, dataset: Mapping[str, Any], infos: Iterable[Mapping[str, Any]]
) -> str:
    """Return 16 hex digits that are others where features would be.

    Code that has changed is not seen.

    Args:
        model: With ``backbone`` and ``data_preprocessor``.
        dataset: Config of the data set, with its pipeline.
        infos: What it knows of each video, ``filename`` at least.
    """
    what = dict(
        backbone=structure_of(model.backbone),
        weights=weights_digest(model.backbone),
        data_preprocessor=colours_of(model),
        dataset=dataset,
        videos=[
            (i['filename'], i.get('label', -1), _size(i['filename']))
            for i in infos
        ],
    )
    text = json.dumps(what, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def structure_of(network: nn.Module) -> list[tuple[str, str, dict[str, Any]]]:
    """Return name, type and plain settings of all modules.

    Two networks of the same weights may differ in them, as in strides.
    """
    return [
        (
            name,
            type(module).__name__,
            {
                key: value
                for key, value in vars(module).items()
                if isinstance(value, PLAIN)
                and key != 'training'
                and not key.startswith('_')
            },
        )
        for name, module in network.named_modules()
    ]


def _size(filename: str) -> int:
    """Return the bytes of a file; 0 of a folder, or of what is not there."""
    return os.path.getsize(filename) if os.path.isfile(filename) else 0

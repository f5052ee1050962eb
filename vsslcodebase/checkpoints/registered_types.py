"""A config from elsewhere may name registered classes, and nothing else.

mmengine takes a ``type`` that no registry knows for the path of an object,
imports it and calls it: ``dict(type='os.system', command=...)`` would run. A
config that came inside a file is looked through before anything is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.registry import Registry

from vsslcodebase.registry import MODELS

# These load a file or an address while a model is built or initialised
LOADING = {'init_cfg', 'pretrained', 'checkpoint', 'load_from'}


def check_types(config: Any, may_load: bool = False) -> None:
    """Refuse a model's config that asks for more than registered models.

    Args:
        config: Plain data.
        may_load: Allow keys that name files to start from.

    Raises:
        ValueError: Naming the type or the key.
    """
    if isinstance(config, Mapping):
        for key, value in config.items():
            if key == '_scope_':
                raise ValueError("a config from a file has no '_scope_'")
            if key in LOADING and value is not None and not may_load:
                raise ValueError(
                    f'it would load {key}={str(value)[:60]!r}, and a network '
                    'described by a file loads no other file'
                )
            if key == 'type' and not is_registered(value):
                raise ValueError(f'there is no registered type {value!r}')
            if key not in LOADING:
                check_types(value, may_load)
    elif isinstance(config, (list, tuple)):
        for value in config:
            check_types(value, may_load)


def is_registered(name: Any) -> bool:
    """Whether a name is a model's in our registry or those above it."""
    if not isinstance(name, str):
        return False
    node: Registry | None = MODELS
    short = name.rpartition('.')[2]
    while node is not None:
        node.import_from_location()
        scoped = name in (short, f'{node.scope}.{short}')
        if scoped and short in node.module_dict:
            return True
        node = node.parent
    return False

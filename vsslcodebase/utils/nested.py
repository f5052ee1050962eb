"""Walking through configs: dicts in lists in dicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def dicts_in(node: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    """Yield every dict inside a config with its dotted key, outer ones first.

    Args:
        node: A dict, a list or tuple, or anything else, which has none.
        key: Of ``node`` itself.
    """
    prefix = f'{key}.' if key else ''
    if isinstance(node, Mapping):
        yield key, node
        for name, child in node.items():
            yield from dicts_in(child, f'{prefix}{name}')
    elif isinstance(node, (list, tuple)):
        for index, child in enumerate(node):
            yield from dicts_in(child, f'{prefix}{index}')

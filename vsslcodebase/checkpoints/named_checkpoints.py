"""Which files a config takes weights from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vsslcodebase.utils.nested import dicts_in


def named_checkpoints(cfg: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files and addresses that a config takes weights from.

    ``load_from`` alone where there is one, as it replaces all others. None
    on resume: which file that is, the Runner finds out.
    """
    if cfg.get('resume'):
        return
    if cfg.get('load_from'):
        yield cfg['load_from']
    else:
        yield from _pretrained(cfg.get('model'))


def _pretrained(model: Any) -> Iterator[str]:
    """Yield the checkpoints of all ``init_cfg`` inside a config.

    Files that ``pretrained`` of MMAction2's backbones names, too.
    """
    for _, node in dicts_in(model):
        name = node.get('checkpoint')
        if str(node.get('type')).endswith('Pretrained') and name:
            yield name
        name = node.get('pretrained')
        if isinstance(name, str) and Path(name).expanduser().is_file():
            yield name

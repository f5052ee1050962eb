"""What can be known to fail is found before anything is built.

A missing list file or a forgotten checkpoint is a sentence, not a traceback
through a registry after a minute of building.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config


class UsageError(ValueError):
    """The command or the config asks for what is not there."""


def check_files(cfg: Config, stages: tuple[str, ...]) -> None:
    """Look for the list files and video folders that a run will read.

    Args:
        cfg: the whole config.
        stages: of ``'train'``, ``'val'``, ``'test'``.

    Raises:
        UsageError: naming the first missing one, its key in the config, and
            the option that sets it.
    """
    for stage in stages:
        name = f'{stage}_dataloader'
        for key, node in _dicts(cfg.get(name), name):
            path = _local_path(node, node.get('ann_file'))
            if path is not None and not path.is_file():
                raise UsageError(
                    f'there is no list file {path} ({key}.ann_file). Make it '
                    'with the scripts of tools/data, or name yours: '
                    f'--cfg-options {key}.ann_file=FILE'
                )
            for part, folder in (node.get('data_prefix') or {}).items():
                path = _local_path(node, folder)
                if path is not None and not path.is_dir():
                    raise UsageError(
                        f'there is no folder {path} '
                        f'({key}.data_prefix.{part}). Link your videos '
                        'there, or name theirs: '
                        f'--cfg-options {key}.data_prefix.{part}=FOLDER'
                    )


def check_pretrained(cfg: Config) -> None:
    """Refuse a model that was to start from a checkpoint nobody named.

    An evaluation config leaves ``init_cfg.checkpoint`` open. Run as it is, it
    would measure random weights without saying so.

    Raises:
        UsageError: for each such place, with both ways out.
    """
    if cfg.get('load_from'):
        return
    for key, node in _dicts(cfg.model, 'model'):
        init = node.get('init_cfg')
        for one in init if isinstance(init, list) else [init]:
            if not isinstance(one, dict) or one.get('type') != 'Pretrained':
                continue
            name = one.get('checkpoint')
            if not name:
                raise UsageError(
                    f'{key}.init_cfg.checkpoint is not set, so this would '
                    'evaluate random weights. Name the pre-trained model: '
                    f'--cfg-options {key}.init_cfg.checkpoint=FILE (or, for '
                    'the baseline of an untrained network, '
                    f'{key}.init_cfg=None)'
                )
            if '://' not in name and not Path(name).expanduser().is_file():
                raise UsageError(
                    f'there is no checkpoint {name} '
                    f'({key}.init_cfg.checkpoint)'
                )


def _local_path(dataset: dict, name: Any) -> Path | None:
    """Return a path of a data set below its root; None if not a local one."""
    if not isinstance(name, str) or not name or '://' in name:
        return None
    return Path(dataset.get('data_root') or '', name)


def _dicts(node: Any, key: str) -> Iterator[tuple[str, dict]]:
    """Yield every dict inside a config with its dotted key."""
    if isinstance(node, dict):
        yield key, node
        for name, child in node.items():
            yield from _dicts(child, f'{key}.{name}')
    elif isinstance(node, (list, tuple)):
        for index, child in enumerate(node):
            yield from _dicts(child, f'{key}.{index}')

"""The command line that all tools of ``tools/model_converters/from_*`` share.

python tools/model_converters/from_PEER.py IN OUT [--name STEM] [...]
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError

from .renaming import Imported, write_imported


def main(
    description: str,
    convert: Callable[..., Imported],
    add_options: Callable[[argparse.ArgumentParser], None] | None = None,
    argv: Sequence[str] | None = None,
) -> None:
    """Convert the file that the command line names, and say what came out.

    Args:
        description: What the tool is; its first line is shown by ``--help``.
        convert: ``convert(path, **options)`` of a peer's module.
        add_options: Adds the options that ``convert`` takes, by their names.
        argv: Words after the program's name; None for the process's own.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('source', metavar='IN', help="the peer's file")
    add('folder', metavar='OUT', help='folder to write the backbone to')
    add(
        '--name',
        metavar='STEM',
        help='start of the name of the file, default: that of IN',
    )
    if add_options is not None:
        add_options(parser)
    options = vars(parser.parse_args(argv))
    source, folder = Path(options.pop('source')), Path(options.pop('folder'))
    stem = options.pop('name') or _allowed(source.stem)
    with one_sentence():
        if folder.is_file():
            raise UsageError(f'OUT is a folder to write to, {folder} a file')
        imported = convert(source, **options)
        path = write_imported(imported, folder, stem, source)
        print(summary(imported, path))


def summary(imported: Imported, path: Path) -> str:
    """Say what was written, what was left out, and how to use it."""
    lines = (
        str(path),
        f'tensors: {len(imported.state)} of {imported.source}',
        f'left out: {parts(imported.left_out) or "nothing"}',
        f'expects: {in_words(imported.contract)}',
        'in a config:',
    )
    return '\n  '.join(lines) + '\n' + indent(usage(imported, path), ' ' * 4)


def usage(imported: Imported, path: Path) -> str:
    """Return the lines of a config that use the network as it was trained."""
    backbone = dict(imported.backbone)
    load_from = ''
    # MMAction2's own classes pass over this init_cfg without a word
    if backbone['type'].startswith('mmaction.'):
        load_from = f'\nload_from = {str(path)!r}'
    else:
        backbone['init_cfg'] = dict(type='Pretrained', checkpoint=str(path))
    mean, std = imported.contract.colours()
    colours: dict[str, Any] = dict(
        type='ClipDataPreprocessor', mean=mean, std=std
    )
    if imported.contract.channel_order == 'bgr':
        colours['to_bgr'] = True
    return (
        f'model = dict(\n    backbone={_call(backbone)},\n'
        f'    data_preprocessor={_call(colours)}){load_from}'
    )


def parts(keys: Sequence[str]) -> str:
    """Count keys by how they begin; by two words where all have both."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(key.partition('.')[0], []).append(key)
    return ', '.join(
        f'{_beginning(members)} ({len(members)})'
        for members in groups.values()
    )


def in_words(contract: InputContract) -> str:
    """Say what a network was shown."""
    black, white = contract.value_range
    strides = ' or '.join(f'{x:g}' for x in contract.frame_interval)
    mean, std = (
        ', '.join(f'{x:g}' for x in values)
        for values in (contract.mean, contract.std)
    )
    return (
        f'{contract.num_frames or "any number of"} frames of stride '
        f'{strides or "any"}, {contract.height or "?"} x '
        f'{contract.width or "?"} pixels, {contract.channel_order.upper()} '
        f'between {black:g} and {white:g}, mean ({mean}), std ({std})'
    )


def _beginning(keys: list[str]) -> str:
    """Return the first word of all keys, with the second if all have it."""
    two = {'.'.join(key.split('.')[:2]) for key in keys}
    return two.pop() if len(two) == 1 else keys[0].partition('.')[0]


def _call(arguments: dict[str, Any]) -> str:
    """Write a dict as a config has it, two levels deep."""
    lines = ',\n'.join(f'        {k}={v!r}' for k, v in arguments.items())
    return f'dict(\n{lines})'


def _allowed(stem: str) -> str:
    """Make a file's name one of letters, digits and ``._+-``."""
    return re.sub(r'[^A-Za-z0-9._+-]+', '-', stem).strip('._+-') or 'imported'

"""The command line that all tools of ``tools/model_converters/from_*`` share.

python tools/model_converters/from_PEER.py IN OUT [--name STEM] [...]
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import indent

from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.zoo.input_contract import InputContract

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
    parts = Counter(_part(key) for key in imported.left_out)
    left_out = ', '.join(f'{part} ({n})' for part, n in parts.items())
    lines = (
        str(path),
        f'tensors: {len(imported.state)} of {imported.source}',
        f'left out: {left_out or "nothing"}',
        f'expects: {in_words(imported.contract)}',
        'in a config:',
    )
    return '\n  '.join(lines) + '\n' + indent(usage(imported, path), ' ' * 4)


def usage(imported: Imported, path: Path) -> str:
    """Return the lines of a config that build the network with its weights."""
    backbone = dict(imported.backbone)
    # MMAction2's own classes pass over this init_cfg without a word
    ours = not backbone['type'].startswith('mmaction.')
    if ours:
        backbone['init_cfg'] = dict(type='Pretrained', checkpoint=str(path))
    arguments = ',\n'.join(f'    {k}={v!r}' for k, v in backbone.items())
    lines = f'backbone = dict(\n{arguments})'
    return lines if ours else f'{lines}\nload_from = {str(path)!r}'


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


def _part(key: str) -> str:
    """Return the first part of a key, two of a network's."""
    words = key.split('.')
    return '.'.join(words[:2] if words[0] == 'backbone' else words[:1])


def _allowed(stem: str) -> str:
    """Make a file's name one of letters, digits and ``._+-``."""
    return re.sub(r'[^A-Za-z0-9._+-]+', '-', stem).strip('._+-') or 'imported'

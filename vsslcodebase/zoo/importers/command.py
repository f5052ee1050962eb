"""The command line that all tools of ``tools/model_converters/from_*`` share.

python tools/model_converters/from_PEER.py IN OUT [--name STEM] [...]
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

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
    stem = options.pop('name') or source.stem
    with one_sentence():
        if folder.is_file():
            raise UsageError(f'OUT is a folder to write to, {folder} a file')
        imported = convert(source, **options)
        path = write_imported(imported, folder, stem, source)
        print(summary(imported, path))


def summary(imported: Imported, path: Path) -> str:
    """Say what was written, what was left out, and how to use it."""
    parts = Counter(key.split('.')[0] for key in imported.left_out)
    left_out = ', '.join(f'{part} ({n})' for part, n in parts.items())
    contract = imported.contract
    kind = imported.backbone['type']
    return '\n'.join(
        (
            f'{path}',
            f'  {len(imported.state)} tensors of a {kind} from '
            f'{imported.source}; left out: {left_out or "nothing"}',
            f'  it expects: {contract}',
            '  to use it: --cfg-options model.backbone.init_cfg.type='
            f'Pretrained model.backbone.init_cfg.checkpoint={path}',
        )
    )

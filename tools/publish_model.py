"""Make of a training's checkpoint what others can use.

    python tools/publish_model.py work_dirs/NAME/epoch_8.pth --out published

Writes the whole model, without optimizer, log, queue and momentum copies, and
its backbone alone, without the prefix of its keys:

    published/<config>_<date>-<hash>.pth
    published/<config>-backbone_<date>-<hash>.pth

Both hold tensors and plain data, are read by torch.load(weights_only=True),
and say how clips have to go into the network; see docs/publishing.md.
"""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from pathlib import Path

import torch

from vsslcodebase.checkpoints.published import check_date, write_published
from vsslcodebase.checkpoints.publishing import (
    Trained,
    feature_difference,
    published_states,
    read_trained,
    trained_meta,
)
from vsslcodebase.compat import load_checkpoint
from vsslcodebase.engine.launch import load_config, project_root
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.feature_writer import difference

DTYPES = {'float32': torch.float32, 'float16': torch.float16}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('checkpoint', help='of a training: work_dirs/NAME/epoch_8.pth')
    add('--config', help='of the training; default: as the checkpoint has it')
    add('--out', help="folder to write to; default: the checkpoint's")
    add(
        '--name', metavar='STEM', help='of the files; default: the config name'
    )
    add('--date', metavar='YYYYMMDD', help='in the names; default: today')
    add('--dtype', choices=DTYPES, default='float32')
    add('--method', help='default: the first part of the name')
    return parser.parse_args()


def main() -> None:
    """Write both files, and compare them with the checkpoint."""
    args = parse_args()
    date, source = check_date(args.date), Path(args.checkpoint)
    cfg = load_config(args.config) if args.config else None
    content = load_checkpoint(source)
    trained = read_trained(content, str(source), cfg)
    name = args.name or trained.name
    folder = Path(args.out) if args.out else source.parent
    if folder.is_file():
        raise UsageError(f'--out is a folder to write to, {folder} is a file')
    meta = trained_meta(trained, name, args.method)
    dtype = DTYPES[args.dtype]
    model, backbone = published_states(trained.model, dtype)
    paths = [
        write_published(folder, name, model, meta, date),
        write_published(
            folder,
            f'{name}-backbone',
            backbone,
            {**meta, 'kind': 'backbone'},
            date,
        ),
    ]
    for path in paths:
        _verify(path, trained, dtype)
    print(_report(source, paths, trained, model, meta))
    _compare_with_config(name, trained)


def _verify(path: Path, trained: Trained, dtype: torch.dtype) -> None:
    """Read a file back, and compare its features with the trained ones."""
    difference = feature_difference(path, trained)
    if dtype == torch.float32 and difference:
        path.unlink()
        raise UsageError(
            f'{path} would give other features than the checkpoint, by up to '
            f'{difference:.3g}, so it is not published'
        )
    exact = 'the same in every bit' if not difference else 'not the same: '
    size = f'up to {difference:.3g} off' if difference else ''
    print(f'features of {path.name}: {exact}{size}')


def _compare_with_config(name: str, trained: Trained) -> None:
    """Say where a run's model is not that of the config of its name."""
    path = next((project_root() / 'configs').rglob(f'{name}.py'), None)
    if path is None:
        print(
            f'\nnote: no config in configs/ is called {name}; '
            '--name gives the files the name of one'
        )
        return
    wanted = load_config(str(path)).model.to_dict()
    found = difference(trained.cfg.model.to_dict(), wanted)
    if found:
        print(
            f'\nnote: this is not the model of {path.name}, but of a run with '
            f'options ({found}); --name gives it another name'
        )


def _report(
    source: Path,
    paths: list[Path],
    trained: Trained,
    state: dict[str, torch.Tensor],
    meta: dict,
) -> str:
    """Say what was written and left out, and how to use it."""
    gone = Counter(
        key.split('.')[0]
        for key in trained.model.state_dict()
        if key not in state
    )
    parts = [f'{part} ({number} tensors)' for part, number in gone.items()]
    left_out = ', '.join([*trained.dropped, *parts])
    contract = meta['input_contract']
    whole, backbone = (shlex.quote(str(path)) for path in paths)
    lines = [
        f'left out: {left_out or "nothing"}',
        'input contract: '
        + ', '.join(f'{key} {value}' for key, value in contract.items()),
        f'{_size(source)} {source}',
        *(f'{_size(path)} {path}' for path in paths),
        '',
        'To evaluate it, with a config of configs/eval or its own:',
        f'  python tools/test.py CONFIG {whole}',
        '  python tools/train.py CONFIG --cfg-options '
        f'model.backbone.init_cfg.checkpoint={backbone}',
        'In plain torch:',
        f"  torch.load({str(paths[1])!r}, weights_only=True)['state_dict']",
    ]
    return '\n'.join(lines)


def _size(path: Path) -> str:
    """Format the size of a file."""
    return f'{path.stat().st_size / 1e6:8.2f} MB'


if __name__ == '__main__':
    with one_sentence():
        main()

"""The command lines of ``tools/train.py`` and ``tools/test.py``.

The options are those of MMAction2's tools. ``natural`` and ``add_device``
serve all tools.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch

from vsslcodebase.engine.overrides import OverrideAction

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def natural(text: str) -> int:
    """Read a number above 0: the ``type`` of an option that counts."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'expected 1 or more, got {text!r}')
    return int(text)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``, by default a GPU if there is one."""
    parser.add_argument(
        '--device',
        type=_device,
        default='cuda' if torch.cuda.is_available() else 'cpu',
        help='default: a GPU if there is one',
    )


def _device(text: str) -> str:
    """Read a device that can be used here."""
    try:
        torch.empty(0, device=text)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition('\n')[0]
        raise argparse.ArgumentTypeError(
            f'{text!r} cannot be used here, expected cpu, cuda or cuda:1 '
            f'({reason})'
        ) from error
    return text


def parse_train(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line of ``tools/train.py``.

    Args:
        argv: words after the program's name; None for the process's own.
    """
    parser = argparse.ArgumentParser(
        prog='train.py', description='Train a model.'
    )
    _add_common(parser)
    add = parser.add_argument
    add(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on with a run: from this file, or (alone, or "auto") from '
        'the newest in the work directory',
    )
    add(
        '--amp',
        action='store_true',
        help='mixed precision: bfloat16 where the device has it, else float16 '
        'with loss scaling on a GPU',
    )
    add(
        '--auto-scale-lr',
        action='store_true',
        help='multiply the learning rate by (processes x batch size) / '
        'auto_scale_lr.base_batch_size',
    )
    add(
        '--no-validate',
        action='store_true',
        help='do not validate during training',
    )
    add('--seed', type=_seed, help="random seed; wins over the config's")
    add(
        '--diff-rank-seed',
        action='store_true',
        help='another seed for the model on each process',
    )
    add(
        '--deterministic',
        action='store_true',
        help='only deterministic algorithms, which may be slower',
    )
    return parser.parse_args(argv)


def parse_test(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line of ``tools/test.py``.

    Args:
        argv: words after the program's name; None for the process's own.
    """
    parser = argparse.ArgumentParser(
        prog='test.py', description='Test a model.'
    )
    _add_common(parser)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='file with the weights of the whole model; may be left out '
        "where the config's init_cfg names a pre-trained backbone and "
        'nothing else is learned (kNN, retrieval)',
    )
    parser.add_argument(
        '--dump', metavar='FILE.pkl', help='write all predictions there'
    )
    return parser.parse_args(argv)


def _seed(text: str) -> int:
    """Read a seed as numpy takes it."""
    if text.isdecimal() and int(text) < 2**32:
        return int(text)
    raise argparse.ArgumentTypeError(f'got {text!r}, expected 0 to 2**32 - 1')


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Add what both tools take."""
    add = parser.add_argument
    add('config', help='config file')
    add(
        '--work-dir',
        help="where logs and checkpoints go (default: the config's work_dir, "
        "or work_dirs/ and the config's name)",
    )
    add(
        '--cfg-options',
        nargs='+',
        action=OverrideAction,
        default={},
        metavar='KEY=VALUE',
        help='override settings of the config, lists by index: '
        'model.head.temperature=0.2 '
        'train_dataloader.dataset.pipeline.1.num_clips=3',
    )
    add(
        '--launcher',
        choices=LAUNCHERS,
        default='none',
        help='what started the processes (dist_train.sh: pytorch)',
    )
    # torch.distributed.launch passes one of them
    add('--local-rank', '--local_rank', type=int, help=argparse.SUPPRESS)

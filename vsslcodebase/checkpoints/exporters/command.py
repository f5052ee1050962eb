"""The command line that the tools ``tools/model_converters/to_*`` share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from vsslcodebase.checkpoints.clip_shape import ClipShape, clip_shape
from vsslcodebase.checkpoints.exporters.whole_network import (
    OUTPUTS,
    WholeNetwork,
)
from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.saved_network import SavedNetwork, open_saved
from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.preflight import UsageError

Export = Callable[[WholeNetwork, Path, ClipShape, InputContract], float | None]


def export_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with IN, OUT and ``--from-config``.

    Args:
        description: The tool's docstring; its first line is shown.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    add = parser.add_argument
    add('source', metavar='IN', help='a published file, or of a training')
    add('target', metavar='OUT', help='file to write')
    add(
        '--from-config',
        metavar='CONFIG',
        help='what IN was made with, if IN does not say so',
    )
    return parser


def add_shape(parser: argparse.ArgumentParser) -> None:
    """Add options of a clip's frames, stride and size."""
    add = parser.add_argument
    add('--num-frames', type=int, help='of a clip; default as in training')
    add('--frame-interval', type=int, help='default as in training')
    add(
        '--size',
        type=int,
        nargs='+',
        metavar='PX',
        help='of a frame, height and width, or one number for both; default '
        'as in training',
    )


def open_source(args: argparse.Namespace) -> SavedNetwork:
    """Read IN, once OUT is known to be a file that may be written.

    Raises:
        UsageError: OUT is IN or a folder.
        FileNotFoundError: There is no IN.
        CheckpointError: It is no file of ours.
    """
    check_target(args.source, args.target)
    cfg = load_config(args.from_config) if args.from_config else None
    return open_saved(args.source, cfg)


def shape_of(args: argparse.Namespace, saved: SavedNetwork) -> ClipShape:
    """Return the clip that the options and the file speak of.

    Raises:
        UsageError: Something is left open by both.
    """
    size = args.size
    if size is not None and len(size) > 2:
        raise UsageError(f'--size is height and width, got {size}')
    try:
        return clip_shape(
            saved.contract,
            args.num_frames,
            args.frame_interval,
            None if size is None else (size[0], size[-1]),
        )
    except ValueError as error:
        raise UsageError(
            f'{saved.path}: {error} (--num-frames, --frame-interval, --size)'
        ) from error


def check_target(source: str, target: str) -> None:
    """Refuse an OUT that is IN or a folder.

    Raises:
        UsageError: It is.
    """
    path = Path(target)
    if '://' not in source and Path(source).resolve() == path.resolve():
        raise UsageError(
            f'{target} is IN and OUT; give OUT another name, since what is '
            'left out is lost'
        )
    if path.is_dir():
        raise UsageError(f'OUT is a file to write, but {target} is a folder')


def network_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser for exporting a network that runs by itself."""
    parser = export_parser(description)
    add = parser.add_argument
    add(
        '--output',
        choices=OUTPUTS,
        help='default: scores where there is a classifier, else features',
    )
    add(
        '--with-preprocess',
        action='store_true',
        help='take uint8 red, green, blue; otherwise standardised colours',
    )
    add_shape(parser)
    return parser


def run_export(args: argparse.Namespace, export: Export) -> None:
    """Export as the command line says, and say what came out.

    Args:
        args: Of ``network_parser``.
        export: One of ``zoo.exporters``.

    Raises:
        UsageError: It cannot be exported.
    """
    saved = open_source(args)
    shape = shape_of(args, saved)
    network = WholeNetwork(saved, args.output, args.with_preprocess)
    contract = saved.contract
    error = export(network, Path(args.target), shape, contract)
    size = f'{shape.num_frames}, {shape.height}, {shape.width}'
    if args.with_preprocess:
        what = 'uint8 RGB'
    else:
        low, high = contract.network_range
        order = contract.channel_order.upper()
        what = f'float32 {order} from {low:.3f} to {high:.3f}'
    print(f'{args.target}: (N, 3, {size}) {what} -> {network.output}')
    if error is None:
        print('  not compared: onnxruntime is not installed')
    else:
        print(f'  equal to the network but for {error:.1e}')

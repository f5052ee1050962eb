"""Export a network to run without this package: ``to_torchscript.py IN OUT``.

    python tools/model_converters/to_torchscript.py \
        work_dirs/.../epoch_200.pth slow50.pt --with-preprocess

OUT takes clips (N, 3, T, H, W) of any N and gives scores of the classifier,
or (N, D) features where there is none. ``torch.jit.load(OUT)`` reads it;
with ``--format pt2`` it is ``torch.export.load(OUT).module()``, which torch
recommends in place of TorchScript.
"""

from __future__ import annotations

import argparse

from vsslcodebase.checkpoints.exporters.command import (
    network_parser,
    run_export,
)
from vsslcodebase.checkpoints.exporters.traced import to_pt2, to_torchscript
from vsslcodebase.engine.misuse import one_sentence

FORMATS = {'torchscript': to_torchscript, 'pt2': to_pt2}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = network_parser(__doc__)
    parser.add_argument('--format', choices=FORMATS, default='torchscript')
    return parser.parse_args()


def main() -> None:
    """Write the network."""
    args = parse_args()
    run_export(args, FORMATS[args.format])


if __name__ == '__main__':
    with one_sentence():
        main()

"""Leave the bare weights for plain torch: ``to_state_dict.py IN OUT``.

    python tools/model_converters/to_state_dict.py \
        work_dirs/.../epoch_200.pth slow50.pth

OUT is the state dict of the backbone, without prefix, that
``torch.load(OUT, weights_only=True)`` returns. OUT with the suffix .md says
how to build the network and how to show it clips.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vsslcodebase.checkpoints.exporters.command import (
    export_parser,
    open_source,
)
from vsslcodebase.checkpoints.exporters.state_dict import to_state_dict
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    return export_parser(__doc__).parse_args()


def main() -> None:
    """Write weights and their description."""
    args = parse_args()
    target = Path(args.target)
    if target.suffix == '.md':
        raise UsageError(f'{target} is to hold weights; name it .pth')
    count = to_state_dict(open_source(args), target)
    print(f'{target}: {count} tensors')
    print(f'{target.with_suffix(".md")}: how to build the network')


if __name__ == '__main__':
    with one_sentence():
        main()

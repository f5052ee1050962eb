"""Take a network to MMAction2: ``to_recognizer.py IN OUT``.

    python tools/model_converters/to_recognizer.py \
        work_dirs/.../epoch_200.pth slow50.pth --num-classes 101

IN is a published file or the checkpoint of a training. OUT has the keys
``backbone.*`` (and ``cls_head.*``, where there is a classifier, with the same
scores), which ``load_from`` of MMAction2's ``Recognizer3D`` fills as they
are. Beside it, or where ``--config`` says, lies a config to train and test.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vsslcodebase.checkpoints.exporters.command import (
    add_shape,
    export_parser,
    open_source,
    shape_of,
)
from vsslcodebase.checkpoints.exporters.recognizer import to_recognizer
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = export_parser(__doc__)
    add = parser.add_argument
    add('--config', help='config to write, default OUT with the suffix .py')
    add('--num-classes', type=int, help='of a new classifier')
    add_shape(parser)
    return parser.parse_args()


def main() -> None:
    """Write checkpoint and config."""
    args = parse_args()
    target = Path(args.target)
    config = Path(args.config or target.with_suffix('.py'))
    if config.suffix != '.py' or config == target:
        raise UsageError(
            f'a config is a file .py beside the checkpoint, got {config} for '
            f'{target}'
        )
    if config.exists():
        raise UsageError(
            f'{config} is there already, perhaps with changes of yours; '
            'remove it, or name another one with --config'
        )
    saved = open_source(args)
    shape = shape_of(args, saved)
    made = to_recognizer(saved, target, config, shape, args.num_classes)
    backbone, head = made.model['backbone'], made.model['cls_head']
    kept = 'new' if saved.head is None else 'kept'
    needs = 'nothing of' if made.is_plain else 'an import of'
    print(f'{target}: {made.num_tensors} tensors')
    print(
        f'{config}: {backbone["type"]}, {head["type"]} of '
        f'{head["num_classes"]} classes ({kept}); needs {needs} vsslcodebase'
    )


if __name__ == '__main__':
    with one_sentence():
        main()

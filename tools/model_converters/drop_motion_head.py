"""Leave out what HCML needs in training only: ``drop_motion_head.py IN OUT``.

    python tools/model_converters/drop_motion_head.py \
        work_dirs/.../epoch_200.pth recognizer.pth

IN is a checkpoint of MotionRecognizer or MotionPretrainer. OUT has neither
flow estimator nor predictors, neither optimizer nor log; motion blocks are
part of the network and stay. Of a MotionRecognizer it is a checkpoint of
MMAction2's Recognizer3D, with the same scores:

    model = dict(
        type='Recognizer3D',
        backbone=dict(type='vsslcodebase.MotionResNet3d', ...), ...)

``to_recognizer.py`` writes this config, too, where the checkpoint says which
network it is of.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vsslcodebase.checkpoints.exporters.command import check_target
from vsslcodebase.compat.checkpoint_files import save_checkpoint
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.models.backbones.pretrained import (
    prefixes_of,
    read_state_dict,
)

HEAD = 'motion_head.'
BLOCKS = 'backbone.motion_blocks.'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('source', metavar='IN', help='checkpoint of a training')
    add('target', metavar='OUT', help='file to write')
    return parser.parse_args()


def main() -> None:
    """Write the checkpoint."""
    args = parse_args()
    source, target = args.source, Path(args.target)
    check_target(source, args.target)
    state = read_state_dict(source)
    kept = {k: v for k, v in state.items() if not k.startswith(HEAD)}
    if not any(key.startswith(BLOCKS) for key in state):
        raise UsageError(
            f'{source} is no checkpoint of MotionRecognizer or '
            f'MotionPretrainer: it has no {BLOCKS}*; {prefixes_of(state)}'
        )
    if len(kept) == len(state):
        raise UsageError(f'{source} has no {HEAD}* that could be left out')
    target.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(dict(state_dict=kept), str(target))
    print(f'{target}: {len(kept)} of {len(state)} tensors')


if __name__ == '__main__':
    with one_sentence():
        main()

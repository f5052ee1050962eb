"""Train stage after stage: ``python tools/train_stages.py CONFIG``.

    python tools/train_stages.py configs/hcml/hcml_r2d50_k400.py --gpus 8
    python tools/train_stages.py CONFIG --print

The config lists its ``stages``. Each is a training of its own, as
``tools/train.py`` would do it, in a folder of the work directory, and starts
from the last checkpoint of the one before. Started again with ``--resume`` it
goes on where it was: in the middle of a stage, or with the next one.
``--print`` writes the configs and shows the commands, for a scheduler that is
to run one after the other. Options that are not known here go to ``train.py``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vsslcodebase.engine.arguments import natural
from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.stages import (
    read_stages,
    run_stages,
    train_command,
    write_stages,
)

TOOLS = Path(__file__).resolve().parent


def parse_args() -> tuple[argparse.Namespace, list[str]]:
    """Read the command line; the second part is for ``train.py``."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog='other options, such as --amp or --seed 1, go to train.py',
    )
    add = parser.add_argument
    add('config', help='has stages')
    add('--work-dir', help="default: work_dirs/ and the config's name")
    add('--gpus', type=natural, help='processes, by tools/dist_train.sh')
    add('--resume', action='store_true', help='go on where it was')
    add(
        '--print',
        action='store_true',
        help='write the configs, show commands',
    )
    return parser.parse_known_args()


def main() -> int:
    """Run the stages; return an exit code."""
    args, options = parse_args()
    cfg = load_config(args.config)
    work_dir = Path(
        args.work_dir
        or cfg.get('work_dir')
        or f'work_dirs/{Path(args.config).stem}'
    )
    stages = read_stages(cfg, work_dir)
    command = train_command(TOOLS, args.gpus, options)
    if args.print:
        print('\n'.join(write_stages(stages, command)))
        return 0
    return run_stages(
        stages,
        command,
        args.resume,
        say=lambda line: print(line, flush=True),
    )


if __name__ == '__main__':
    with one_sentence():
        sys.exit(main())

"""Make a result file of the zoo: ``record_result.py METRICS --checkpoint C``.

    python tools/record_result.py \
        work_dirs/linear/20270101_120000/20270101_120000.json \
        --checkpoint corp_m_r3d50_ssv2-backbone_20270101-0a1b2c3d.pth \
        --evaluation configs/eval/linear/linear_r3d50_ssv2.py \
        --command 'tools/dist_train.sh configs/corp/corp_m_r3d50_ssv2.py 8' \
        --command 'tools/dist_train.sh \
            configs/eval/linear/linear_r3d50_ssv2.py 8'

METRICS is the JSON file of tools/test.py, or a report. The checkpoint is that
of the pre-training: it says which code, config, data and seed made it, and is
compared with the config. Then ``tools/make_model_zoo.py`` puts it into the
model zoo.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vsslcodebase.engine.launch import project_root
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.zoo.recording import read_metrics, record
from vsslcodebase.zoo.results import write_result


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('metrics', type=Path, help='JSON file with numbers by name')
    add('--at', default='', help='dotted path of the numbers inside of it')
    add('--checkpoint', required=True, help="of the training; or 'untrained'")
    add('--evaluation', required=True, help='config that evaluated it')
    add('--protocol', help="default: the evaluation config's name")
    add('--command', action='append', required=True, help='repeat for each')
    add('--config', help="trained config; default by the checkpoint's name")
    add('--seed', type=int, help='of an untrained network')
    add('--machine', help='in words; default: this one')
    add('--out', type=Path, default=project_root() / 'results')
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    add('--evaluation-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Write the result file."""
    args = parse_args()
    result = record(
        read_metrics(args.metrics, args.at),
        args.checkpoint,
        args.protocol or Path(args.evaluation).stem,
        args.evaluation,
        args.command,
        config=args.config,
        options=args.cfg_options,
        evaluation_options=args.evaluation_options,
        seed=args.seed,
        machine=args.machine,
    )
    print(write_result(args.out, result))


if __name__ == '__main__':
    with one_sentence():
        main()

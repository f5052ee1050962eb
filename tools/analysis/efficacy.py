"""Efficacy of motion features: ``efficacy.py CONFIG CHECKPOINT``.

    python tools/analysis/efficacy.py CONFIG CHECKPOINT --levels 0 1 2

The network is frozen. Of each level with a motion block a linear classifier
learns the classes of the config's training split, from features that are
averaged over time and space; Score = Acc_train / (Acc_train - Acc_test)
(HCML, Table 1, whose levels 1, 2, 3 are 0, 1, 2 here). All videos are read
with the clips of the config's test, once for all levels.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from mmengine.runner import Runner

from vsslcodebase.engine.arguments import add_device
from vsslcodebase.engine.feature_model import (
    feature_config,
    feature_model,
    split_loader,
)
from vsslcodebase.engine.lost_workers import kill_workers
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.evaluation.efficacy import (
    CLASSIFIERS,
    Efficacy,
    MotionReader,
    measure_efficacy,
)
from vsslcodebase.evaluation.features import extract_features


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='of a network with motion blocks, and of labelled data')
    add('checkpoint')
    add('--levels', type=int, nargs='+', help='default: all there are')
    add(
        '--classifier',
        choices=CLASSIFIERS,
        default='sgd',
        help='50 epochs of SGD, or logistic regression, which knows no seed',
    )
    add('--seed', type=int, default=0, help='of sgd')
    add('--out', help='JSON file to write')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Print the table."""
    args = parse_args()
    cfg = feature_config(args.config, args.checkpoint, args.cfg_options)
    loaders = {split: split_loader(cfg, split) for split in ('train', 'test')}
    model = feature_model(cfg, args.device)
    known = getattr(model.backbone, 'motion_channels', {})
    reader = MotionReader(model.backbone, args.levels or sorted(known))
    found = {}
    for split, loader in loaders.items():
        loader.setdefault('num_workers', 0)
        built = Runner.build_dataloader(loader)
        videos = extract_features(model, built, reader=reader)
        found[split] = reader.split(videos)
    options = dict(seed=args.seed) if args.classifier == 'sgd' else {}
    results = {
        level: measure_efficacy(
            found['train'][level],
            found['test'][level],
            args.classifier,
            **options,
        )
        for level in reader.levels
    }
    print_table(results)
    if args.out:
        write(Path(args.out), results, args)


def print_table(results: dict[int, Efficacy]) -> None:
    """Print a row for each level."""
    print(f'{"level":>5} {"train":>9} {"test":>9} {"score":>8}')
    for level, (train, test, score) in results.items():
        print(f'{level:5d} {train:9.2%} {test:9.2%} {score:8.3f}')
    if any(math.isinf(result.score) for result in results.values()):
        print('inf: the test is not below the training, there is no gap')


def write(
    path: Path, results: dict[int, Efficacy], args: argparse.Namespace
) -> None:
    """Write the table as JSON; an infinite score is null."""
    levels: dict[int, dict[str, Any]] = {
        level: result._asdict() for level, result in results.items()
    }
    for row in levels.values():
        row['score'] = row['score'] if math.isfinite(row['score']) else None
    settings = dict(
        config=args.config,
        checkpoint=args.checkpoint,
        classifier=args.classifier,
        seed=args.seed if args.classifier == 'sgd' else None,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(dict(settings=settings, levels=levels), indent=1)
    )


if __name__ == '__main__':
    try:
        with one_sentence():
            main()
    finally:
        kill_workers()

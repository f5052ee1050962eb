"""What checkpoints know of motion-mini: ``probe_report.py CONFIG CKPT ...``.

    python tools/analysis/probe_report.py \
        configs/mini/linear_smallr3d_motion-mini.py untrained work_dirs/*/*.pth

Features are frozen, globally pooled, of the clips of the config's test. A
table with one row a checkpoint: motion inside pairs (a video against its
reversal; 50 % is chance and what a network without eyes for order gets),
linear probes of motion, appearance and scene, the scene by nearest
neighbours, and how well a line reads a clip's start time (R^2).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import Runner, set_random_seed

from vsslcodebase.engine.feature_model import feature_config, feature_model
from vsslcodebase.engine.lost_workers import kill_workers, limit_waiting
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.evaluation.motion_mini_probe import (
    ClipFeatures,
    probe_loaders,
    probe_report,
    read_clips,
)

COLUMNS = ('inside pair', 'motion', 'appearance', 'scene', 'scene kNN', 'R2 t')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config', help='its test loader gives the clips')
    add(
        'checkpoints',
        nargs='+',
        help="files of weights; 'untrained' draws them from --seed",
    )
    add('--data-dir', default='data/motion_mini_demo', help='motion-mini')
    add('--num-train', type=int, default=256, help='labelled videos')
    add('--num-gallery', type=int, default=2048, help='of the kNN, at least')
    add('--num-neighbours', type=int, default=20)
    add('--seed', type=int, default=0, help='of untrained weights')
    add('--out', help='JSON file to write')
    add('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Print the table, a row as soon as it is known."""
    args = parse_args()
    width = max(len(name) for name in args.checkpoints)
    print(' ' * width, *(f'{name:>12}' for name in COLUMNS), flush=True)
    reports = {}
    for name in args.checkpoints:
        features = _features(name, args)
        report = probe_report(
            features,
            Path(args.data_dir),
            args.num_train,
            args.num_neighbours,
        )
        reports[name] = report
        numbers = (report[column] for column in COLUMNS)
        print(
            f'{name:>{width}}',
            *(f'{100 * number:12.1f}' for number in numbers),
            flush=True,
        )
        if args.out:
            settings = dict(
                config=args.config,
                num_train=args.num_train,
                num_gallery=args.num_gallery,
                num_neighbours=args.num_neighbours,
                seed=args.seed,
            )
            Path(args.out).write_text(
                json.dumps(dict(settings=settings, networks=reports), indent=1)
            )


def _features(name: str, args: argparse.Namespace) -> dict[str, ClipFeatures]:
    """Read the clips of both splits with one network."""
    checkpoint = None if name == 'untrained' else name
    options = dict(args.cfg_options)
    if checkpoint is None:
        options['model.backbone.init_cfg'] = None
    cfg = feature_config(args.config, checkpoint, options)
    set_random_seed(args.seed)
    model = feature_model(cfg, args.device)
    num_train = max(args.num_train, args.num_gallery)
    found: dict[str, Any] = {}
    loaders = probe_loaders(cfg, Path(args.data_dir), num_train)
    for split, loader in loaders.items():
        limit_waiting(loader)
        found[split] = read_clips(model, Runner.build_dataloader(loader))
    return found


if __name__ == '__main__':
    try:
        with one_sentence():
            main()
    finally:
        kill_workers()

"""Choose a linear probe by the training split: ``sweep_probe.py CONFIG CKPT``.

    python tools/analysis/sweep_probe.py \
        configs/mini/linear_smallr3d_motion-mini.py pace.pth \
        --layers last stages.2 stages.1 --seeds 0 1 2

Layers, learning rates and weight decays are tried on a part of the training
split that is held out, films whole, each layer's combinations in one pass.
The best is trained again on all of it, and tested once. The whole grid is
printed; with several seeds (of weights, order and held-out part) the mean and
spread.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mmengine.runner import set_random_seed

from vsslcodebase.engine.arguments import add_device, natural
from vsslcodebase.engine.feature_model import (
    feature_config,
    feature_model,
    split_loader,
)
from vsslcodebase.engine.lost_workers import kill_workers
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.evaluation.feature_cache import FeatureCache, Reading
from vsslcodebase.evaluation.features import VideoFeatures
from vsslcodebase.evaluation.holdout import video_groups
from vsslcodebase.evaluation.labelled_sets import check_sets
from vsslcodebase.evaluation.layers import POOLINGS
from vsslcodebase.evaluation.probe_grid import Recipe
from vsslcodebase.evaluation.probe_sweep import (
    LEARNING_RATES,
    SHARE,
    WEIGHT_DECAYS,
    Grid,
    choose_probe,
    describe_choice,
    score_choice,
)
from vsslcodebase.evaluation.score_spread import spread
from vsslcodebase.evaluation.video_progress import (
    going_on_later,
    read_and_tell,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config', help='its test pipeline reads both splits')
    add('checkpoint', help="weights; 'untrained' draws them from --seeds")
    add('--layers', nargs='+', default=['last'], help="or 'p5', 'p4', modules")
    add('--pool', choices=POOLINGS, default='gap')
    add('--num-clips', type=natural, default=10, help='averaged, of a video')
    add('--lr', nargs='+', type=float, default=LEARNING_RATES)
    add('--weight-decay', nargs='+', type=float, default=WEIGHT_DECAYS)
    add('--share', type=float, default=SHARE, help='held out; default 0.2')
    add('--epochs', type=natural, default=Recipe().epochs)
    add('--batch-size', type=natural, default=Recipe().batch_size)
    add('--seeds', nargs='+', type=int, default=[0])
    add('--cache', default='feature_cache', help='folder of features')
    add('--out', help='JSON file to write')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Print grid, choice and score of each seed, and the spread."""
    args = parse_args()
    train, test = _features(args, 'train'), _features(args, 'test')
    first = args.layers[0]
    check_sets(train[first], test[first])
    grid = Grid(tuple(args.lr), tuple(args.weight_decay))
    runs = [_run(seed, train, test, grid, args) for seed in args.seeds]
    over_seeds = spread([run['test'] for run in runs])
    print(f'top-1 over {over_seeds.n} seeds: {over_seeds.text(100, 1)} %')
    if not args.out:
        return
    settings = {
        name: getattr(args, name)
        for name in ('config', 'layers', 'pool', 'num_clips', 'share')
    }
    settings.update(grid._asdict(), epochs=args.epochs)
    report = dict(settings=settings, test=over_seeds._asdict(), runs=runs)
    Path(args.out).write_text(json.dumps(report, indent=1) + '\n')


def _run(
    seed: int,
    train: dict[str, VideoFeatures],
    test: dict[str, VideoFeatures],
    grid: Grid,
    args: argparse.Namespace,
) -> dict[str, Any]:
    """Choose with one seed, test once, and print both."""
    recipe = Recipe(args.epochs, args.batch_size, seed=seed)
    features = {name: videos.features for name, videos in train.items()}
    shown = {name: videos.features for name, videos in test.items()}
    labels = train[args.layers[0]].labels
    truth = test[args.layers[0]].labels
    groups = video_groups(train[args.layers[0]].filenames)
    choice = choose_probe(
        features, labels, groups, grid, recipe, args.share, args.device
    )
    print(f'seed {seed}\n\n{describe_choice(choice, grid)}', flush=True)
    score = score_choice(
        features, labels, shown, truth, choice, recipe, args.device
    )
    print(
        f'test: {100 * score:.1f} % of {len(truth)} videos, trained on '
        f'{len(labels)}\n',
        flush=True,
    )
    return dict(seed=seed, test=score, **choice.to_dict())


def _features(args: argparse.Namespace, part: str) -> dict[str, VideoFeatures]:
    """Return the features of a split by layer, read now or earlier."""
    options = dict(args.cfg_options)
    checkpoint = args.checkpoint
    if checkpoint == 'untrained':
        checkpoint, options['model.backbone.init_cfg'] = None, None
    cfg = feature_config(args.config, checkpoint, options)
    set_random_seed(args.seeds[0])
    model = feature_model(cfg, args.device)
    cache = FeatureCache(model, split_loader(cfg, part), Path(args.cache))
    readings = {
        layer: Reading(
            None if layer == 'last' else layer, args.pool, args.num_clips
        )
        for layer in args.layers
    }
    found = read_and_tell(cache, [*readings.values()])
    return {layer: found[r] for layer, r in readings.items()}


if __name__ == '__main__':
    try:
        with one_sentence(), going_on_later():
            main()
    finally:
        kill_workers()

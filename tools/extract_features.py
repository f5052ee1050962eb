"""Save the features of a split: ``tools/extract_features.py CONFIG CKPT``.

    python tools/extract_features.py configs/mini/linear_smallr3d_motion-mini.py \
        pace.pth --layer p5 --split train --out features

writes ``features/train.npy`` (float32, one row per video), an index
``train.jsonl`` and the settings ``train.json``. The clips are those of the
config's test pipeline, for all splits, and the numbers are those that
``VideoRetrievalMetric`` compares. Started again after an interruption, it goes
on with the videos that are missing; with other settings it is an error.
"""  # noqa: E501, a command on one line can be copied

from __future__ import annotations

import argparse
from pathlib import Path

from vsslcodebase.engine.arguments import add_device
from vsslcodebase.engine.feature_model import (
    SPLITS,
    feature_config,
    feature_model,
    split_loader,
)
from vsslcodebase.engine.lost_workers import kill_workers
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.evaluation.feature_writer import save_features
from vsslcodebase.evaluation.gallery_metric import (
    colours_of,
    feature_settings,
)
from vsslcodebase.evaluation.labelled_sets import LEVELS
from vsslcodebase.evaluation.layers import POOLINGS, LayerReader
from vsslcodebase.evaluation.video_progress import (
    VideoProgress,
    going_on_later,
)
from vsslcodebase.registry import DATASETS


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config')
    add(
        'checkpoint',
        nargs='?',
        help="weights; left out where the config's init_cfg names them",
    )
    add('--split', choices=SPLITS, default='test')
    add('--layer', help="'p5', 'p4' or a module's name; default the last map")
    add('--pool', choices=POOLINGS, help='default: the usual of the layer')
    add('--pool-size', type=int, default=1, help="cells of 'gap' along a side")
    add(
        '--level',
        choices=LEVELS,
        default='video',
        help="average a video's clips, or keep them",
    )
    add('--out', default='features', help='folder to write to')
    add('--format', choices=('npy', 'safetensors'), default='npy')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Write features, index and settings."""
    args = parse_args()
    cfg = feature_config(args.config, args.checkpoint, args.cfg_options)
    loader = split_loader(cfg, args.split)
    model = feature_model(cfg, args.device)
    reader = LayerReader(model.backbone, args.layer, args.pool, args.pool_size)
    dataset_cfg = loader.pop('dataset')
    dataset = DATASETS.build(dict(dataset_cfg))
    path = Path(args.out) / f'{args.split}.{args.format}'
    written = save_features(
        model,
        dataset,
        path,
        reader,
        settings=dict(
            feature_settings(model, reader, args.level),
            videos=len(dataset),
            batch_size=loader['batch_size'],
            dataset=dataset_cfg,
            data_preprocessor=colours_of(model),
        ),
        loader=loader,
        average_clips=args.level == 'video',
        report=VideoProgress(),
    )
    print(f'{path}: {written} videos written, {len(dataset)} in all')


if __name__ == '__main__':
    try:
        with one_sentence(), going_on_later():
            main()
    finally:
        kill_workers()

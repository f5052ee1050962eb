"""Features of any videos: ``tools/infer_features.py MODEL INPUT... --out F``.

    python tools/infer_features.py slow50_20260101-0123abcd.pth videos \
        --out features.npy

MODEL is a published file or the checkpoint of a training, which says itself
how clips are to be shown, or a config with ``--weights FILE``. INPUT is a
video, a folder of videos, a folder of images, one a frame, or a list '.txt'
with a line ``path label`` for each video. ``features.npy`` (float32, one row
per video), ``features.jsonl`` and ``features.json`` are as those of
tools/extract_features.py; for a labelled split of 100,000 videos take that
tool, which goes on where it was interrupted.
"""

from __future__ import annotations

import argparse

from vsslcodebase.apis import VideoFeatureInferencer
from vsslcodebase.apis.feature_output import check_output, failed_path
from vsslcodebase.apis.video_feature_inferencer import ON_ERROR
from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.engine.arguments import add_device
from vsslcodebase.engine.lost_workers import kill_workers
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.layers import POOLINGS
from vsslcodebase.evaluation.video_progress import interruptible


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('model', metavar='MODEL', help='checkpoint, or config')
    add('inputs', metavar='INPUT', nargs='+', help='video, folder or list')
    add('--out', required=True, help='file to write, .npy or .safetensors')
    add('--weights', help='checkpoint, where MODEL is a config')
    add('--layer', help="'p5', 'p4' or a module's name; default the last map")
    add('--pool', choices=POOLINGS, help='default: the usual of the layer')
    add('--num-clips', type=int, help="default: the config's, else 10")
    add('--keep-clips', action='store_true', help='do not average clips')
    add('--on-error', choices=ON_ERROR, default='raise')
    add('--batch-size', type=int, default=8, help='videos at once')
    add('--num-workers', type=int, default=2, help='processes that decode')
    add_device(parser)
    add('--no-progress', action='store_true')
    return parser.parse_args()


def main() -> None:
    """Write the features."""
    args = parse_args()
    path = check_output(args.out)
    infer = VideoFeatureInferencer(
        args.model,
        args.weights,
        device=args.device,
        layer=args.layer,
        pool=args.pool,
        num_clips=args.num_clips,
        show_progress=not args.no_progress,
    )
    try:
        result = infer(
            args.inputs,
            batch_size=args.batch_size,
            num_workers=args.num_workers,
            on_error=args.on_error,
            average_clips=not args.keep_clips,
            out=path,
        )
    except BadVideoError as error:
        raise UsageError(
            f'{error}; --on-error skip goes on without such videos'
        ) from error
    shape = ' x '.join(map(str, result['features'].shape))
    print(f'{path}: {shape}')
    if result['failed']:
        print(f'{failed_path(path)}: {len(result["failed"])} left out')


if __name__ == '__main__':
    try:
        with one_sentence(), interruptible('nothing was written'):
            main()
    finally:
        kill_workers()

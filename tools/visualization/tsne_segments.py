"""Draw segments of videos by t-SNE, coloured by time (LTN, t-SNE figure).

    python tools/visualization/tsne_segments.py CONFIG CHECKPOINT \
        --videos a.mp4 b.mp4 --out work_dirs/tsne.png
    python tools/visualization/tsne_segments.py CONFIG CHECKPOINT \
        --ann-file data/smarthome/annotations/cs_val.txt --indices 3 14

Each video is cut into clips that are evenly spread and as long as those of
the test; all are laid out together by the features of the backbone. Darker is
later, a line joins neighbours in time. Needs scikit-learn, which the extra
``vis`` installs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import torch

from vsslcodebase.engine.arguments import add_device, natural
from vsslcodebase.engine.feature_model import feature_config, feature_model
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.video_segments import choose_videos, read_segments
from vsslcodebase.evaluation.layers import POOLINGS, LayerReader
from vsslcodebase.visualization.tsne_segments import (
    MAX_VIDEOS,
    draw_segments,
    tsne_layout,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config')
    add('checkpoint')
    add('--videos', nargs='+', help='paths')
    add('--ann-file', metavar='LIST', help='or a list of videos')
    add('--indices', type=int, nargs='+', help='of its entries, from 0')
    add('--num-segments', type=natural, default=20, help='of each video')
    add('--layer', help="'p5', 'p4' or a module's name; default the last map")
    add('--pool', choices=POOLINGS, help='default: the usual of the layer')
    add(
        '--thumbnails', type=natural, default=3, help='frames shown of a video'
    )
    add('--seed', type=int, default=0)
    add('--out', default='work_dirs/tsne_segments.png', help='image to write')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Write the picture."""
    args = parse_args()
    path = Path(args.out)
    if not cv2.haveImageWriter(str(path)):
        raise UsageError(f'--out is an image, as tsne.png, got {path}')
    cfg = feature_config(args.config, args.checkpoint, args.cfg_options)
    names = choose_videos(cfg, args.videos, args.ann_file, args.indices)
    if len(names) > MAX_VIDEOS:
        raise UsageError(
            f'{len(names)} videos are more than the {MAX_VIDEOS} that a '
            'picture can tell apart; choose by --indices'
        )
    model = feature_model(cfg, args.device)
    reader = LayerReader(model.backbone, args.layer, args.pool)
    videos = [
        read_segments(cfg, model, reader, name, args.num_segments)
        for name in names
    ]
    for video in videos:
        if len(video.starts) < 3:
            raise UsageError(
                f'{video.filename} gives {len(video.starts)} different '
                'segments, and a path in time needs 3 or more: take a longer '
                f'video, or more than --num-segments {args.num_segments}'
            )
    layout = tsne_layout(
        torch.cat([video.features for video in videos]), args.seed
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_segments(path, videos, layout, args.thumbnails)
    counts = ' + '.join(str(len(video.starts)) for video in videos)
    print(f'{counts} segments of {len(videos)} videos on {path}')


if __name__ == '__main__':
    with one_sentence():
        main()

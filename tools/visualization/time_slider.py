r"""Make a page where a slider moves clips in the latent time of LTN.

    python tools/visualization/time_slider.py CONFIG CHECKPOINT \
        --ann-file data/smarthome/annotations/cs_val.txt --indices 3 14 15 92 \
        --out work_dirs/time_slider.html

Config and checkpoint are those of a pre-training with TimeNavigationNeck. Each
video is cut into segments; any of them can be told that it starts at another
time, and the page shows where it then lies and which other clips are nearest.
One file, without network or library: open it in a browser.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from vsslcodebase.engine.arguments import add_device, natural
from vsslcodebase.engine.embedding_model import embedding_model, neck_reader
from vsslcodebase.engine.feature_model import feature_config
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.video_segments import choose_videos, read_segments
from vsslcodebase.visualization.time_slider import (
    MAX_CLIPS,
    MAX_NEIGHBOURS,
    MAX_STEPS,
    check_neck,
    navigate_clips,
    own_times,
    render_page,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config')
    add('checkpoint')
    add('--videos', nargs='+', help='paths')
    add('--ann-file', metavar='LIST', help='or a list of videos')
    add('--indices', type=int, nargs='+', help='of its entries, from 0')
    add(
        '--num-segments',
        type=natural,
        default=12,
        help=f'of each video; {MAX_CLIPS} in all',
    )
    add(
        '--steps',
        type=natural,
        default=41,
        help=f'times on the slider, 2 to {MAX_STEPS}',
    )
    add(
        '--max-time',
        type=float,
        help='the last of them in seconds; default the latest start',
    )
    add(
        '--nearest',
        type=natural,
        default=6,
        help=f'clips shown, at most {MAX_NEIGHBOURS}',
    )
    add('--out', default='work_dirs/time_slider.html', help='.html to write')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Write the page."""
    args = parse_args()
    path = Path(args.out)
    check(args)
    cfg = feature_config(args.config, args.checkpoint, args.cfg_options)
    names = choose_videos(cfg, args.videos, args.ann_file, args.indices)
    if len(names) * args.num_segments > MAX_CLIPS:
        raise UsageError(
            f'{len(names)} videos x {args.num_segments} segments are more '
            f'than the {MAX_CLIPS} clips of a page; choose by --indices'
        )
    model = embedding_model(cfg, args.device)
    check_neck(model.neck)
    reader = neck_reader(model)
    videos = [
        read_segments(cfg, model, reader, name, args.num_segments)
        for name in names
    ]
    starts = torch.cat([video.starts for video in videos])
    if len(starts) < 3:
        raise UsageError(
            f'{len(starts)} different segments have too few neighbours; take '
            'more videos, longer ones or more --num-segments'
        )
    last = float(starts.max()) if args.max_time is None else args.max_time
    found = navigate_clips(
        model.neck,
        torch.cat([video.features for video in videos]),
        own_times(model.neck, videos),
        torch.linspace(0, last, args.steps),
        args.nearest,
    )
    page = render_page(videos, found, f'{args.config}, {args.checkpoint}')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding='utf-8', errors='replace')
    size = path.stat().st_size / 1e6
    print(
        f'{len(starts)} clips of {len(videos)} videos: {path}, {size:.1f} MB'
    )


def check(args: argparse.Namespace) -> None:
    """Refuse what no page can be made of, before anything is read."""
    if Path(args.out).suffix != '.html':
        raise UsageError(f'--out ends in .html, got {args.out}')
    if not 2 <= args.steps <= MAX_STEPS:
        raise UsageError(f'--steps are 2 to {MAX_STEPS}, got {args.steps}')
    if args.nearest > MAX_NEIGHBOURS:
        raise UsageError(
            f'--nearest is at most {MAX_NEIGHBOURS}, got {args.nearest}'
        )
    if args.max_time is not None and args.max_time <= 0:
        raise UsageError(f'--max-time is above 0, got {args.max_time}')


if __name__ == '__main__':
    with one_sentence():
        main()

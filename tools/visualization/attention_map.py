r"""Draw where a network looks in videos: the squared activations of a layer.

    python tools/visualization/attention_map.py CONFIG CHECKPOINT VIDEO... \
        --paces 1 2 3 4 --out attention.png

Rows are the clips at each pace, columns their frames (Pace, Fig. 5, shows the
last one: --last puts the paces side by side, a row for each video). An --out
that ends in .mp4 is a short film of the first video instead, a clip after the
other. Clips lie in the middle of the video, as long as those of the test.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import pseudo_collate

from vsslcodebase.engine.arguments import natural
from vsslcodebase.engine.clip_pictures import (
    add_picture_options,
    is_film,
    write_film,
    write_sheet,
)
from vsslcodebase.engine.feature_model import feature_config, feature_model
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.video_segments import read_clips, shown_frames
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.visualization.attention import (
    clip_attention,
    overlay,
    scaled,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_picture_options(parser, 'work_dirs/attention.png')
    add = parser.add_argument
    add('--paces', type=natural, nargs='+', default=[1], help='frame steps')
    add('--last', action='store_true', help='only the last frame of a clip')
    return parser.parse_args()


def main() -> None:
    """Write the sheet or the film."""
    args = parse_args()
    film = is_film(args)
    cfg = feature_config(args.config, args.checkpoint, args.cfg_options)
    model = feature_model(cfg, args.device)
    reader = LayerReader(model.backbone, args.layer)
    clips, captions = [], []
    for video in args.videos:
        for pace in args.paces:
            packed = read_clips(cfg, video, frame_interval=pace)
            clips.append(draw(model, packed, reader, args.strength))
            start = int(packed['data_samples'].clip_start[0])
            captions.append(f'{Path(video).name}: pace {pace} from {start}')
    if film:
        write_film(clips, args)
    elif args.last:
        write_last_frames(clips, args)
    else:
        write_sheet(clips, captions, args)
    print(f'{len(clips)} clips on {args.out}')


def draw(
    model: Any, packed: dict[str, Any], reader: LayerReader, strength: float
) -> np.ndarray:
    """Return (T, H, W, 3) frames as the network sees them, coloured."""
    batch = pseudo_collate([packed])
    frames = shown_frames(packed)[0]
    attention = clip_attention(model, batch, reader)[0]
    return overlay(frames, scaled(attention), strength)


def write_last_frames(
    clips: list[np.ndarray], args: argparse.Namespace
) -> None:
    """Write a row for each video, of the last frame at each pace."""
    count = len(args.paces)
    rows = [
        np.stack([clip[-1] for clip in clips[first : first + count]])
        for first in range(0, len(clips), count)
    ]
    captions = [Path(video).name for video in args.videos]
    notes = [[f'p={pace}' for pace in args.paces]] * len(rows)
    write_sheet(rows, captions, args, notes)


if __name__ == '__main__':
    with one_sentence():
        main()

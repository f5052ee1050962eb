"""Draw where a network looks in videos: the squared activations of a layer.

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

import av
import cv2
import numpy as np
import torch
from mmengine.dataset import pseudo_collate

from vsslcodebase.engine.arguments import natural
from vsslcodebase.engine.feature_model import feature_config, feature_model
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.video_segments import read_clips, shown_frames
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.visualization.attention import (
    clip_attention,
    overlay,
    scaled,
)
from vsslcodebase.visualization.clip_sheet import clip_sheet


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config')
    add('checkpoint')
    add('videos', nargs='+', metavar='VIDEO')
    add('--paces', type=natural, nargs='+', default=[1], help='frame steps')
    add('--layer', help="module of the backbone, as 'conv4'; default the last")
    add('--out', default='work_dirs/attention.png', help='.png or .mp4')
    add('--last', action='store_true', help='only the last frame of a clip')
    add('--strength', type=float, default=0.7, help='of the colour, 0 to 1')
    add('--tile', type=natural, default=112, help='pixels of a frame')
    add('--columns', type=natural, default=16)
    add('--fps', type=natural, default=8, help='of the .mp4')
    add('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Write the sheet or the film."""
    args = parse_args()
    path = Path(args.out)
    is_film = path.suffix == '.mp4'
    if not is_film and not cv2.haveImageWriter(str(path)):
        raise UsageError(f'--out is an image or an .mp4, got {path}')
    if not 0 <= args.strength <= 1:
        raise UsageError(f'--strength is 0 to 1, got {args.strength}')
    if is_film and len(args.videos) > 1:
        raise UsageError('a film shows one video; name one, or write a .png')
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
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_film:
        write_film(path, clips, args.fps, args.tile)
    else:
        write_sheet(path, clips, captions, args)
    print(f'{len(clips)} clips on {path}')


def draw(
    model: Any, packed: dict[str, Any], reader: LayerReader, strength: float
) -> np.ndarray:
    """Return (T, H, W, 3) frames as the network sees them, coloured."""
    batch = pseudo_collate([packed])
    frames = shown_frames(packed)[0]
    attention = clip_attention(model, batch, reader)[0]
    return overlay(frames, scaled(attention), strength)


def write_sheet(
    path: Path,
    clips: list[np.ndarray],
    captions: list[str],
    args: argparse.Namespace,
) -> None:
    """Write rows of frames; with --last a row of paces for each video."""
    if args.last:
        count = len(args.paces)
        clips = [
            np.stack([clip[-1] for clip in clips[first : first + count]])
            for first in range(0, len(clips), count)
        ]
        captions = [Path(video).name for video in args.videos]
        notes = [[f'p={pace}' for pace in args.paces]] * len(clips)
    else:
        notes = None
    sheet = clip_sheet(clips, captions, notes, args.tile, args.columns)
    if not cv2.imwrite(str(path), sheet[..., ::-1]):  # OpenCV wants BGR
        raise UsageError(f'cannot write an image to {path}')


def write_film(
    path: Path, clips: list[np.ndarray], fps: int, tile: int
) -> None:
    """Write the clips one after the other, ``tile`` high."""
    height, width = clips[0].shape[1:3]
    # yuv420p halves both sides
    size = (2 * max(1, round(tile * width / height / 2)), 2 * -(-tile // 2))
    with av.open(str(path), 'w') as file:
        stream = file.add_stream('libx264', rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = 'yuv420p'
        for image in np.concatenate(clips):
            frame = av.VideoFrame.from_ndarray(
                cv2.resize(image, size), format='rgb24'
            )
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


if __name__ == '__main__':
    with one_sentence():
        main()

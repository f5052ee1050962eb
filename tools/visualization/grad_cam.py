r"""Draw what speaks for a class in videos: Grad-CAM++.

    python tools/visualization/grad_cam.py CONFIG CHECKPOINT VIDEO... \
        --target-class 3 --out grad_cam.png

CONFIG is of a recognizer, MMAction2's or ours, or of the pre-training of a
head with classes, such as Pace Prediction. Rows are videos, columns the
frames of a clip in the middle, as long as those of the test, coloured where
they speak for the class (HCML, Fig. 4). Without --target-class it is the
likeliest one. An --out that ends in .mp4 is a short film of one video.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.dataset import pseudo_collate

from vsslcodebase.engine.clip_pictures import (
    add_picture_options,
    is_film,
    write_film,
    write_sheet,
)
from vsslcodebase.engine.feature_model import feature_config, whole_model
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.video_segments import read_clips, shown_frames
from vsslcodebase.visualization.attention import overlay, scaled
from vsslcodebase.visualization.grad_cam import (
    ClassAttention,
    class_attention,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_picture_options(parser, 'work_dirs/grad_cam.png')
    parser.add_argument(
        '--target-class', type=int, help='number; default the likeliest'
    )
    return parser.parse_args()


def main() -> None:
    """Write the sheet or the film."""
    args = parse_args()
    film = is_film(args)
    cfg = feature_config(args.config, args.checkpoint, args.cfg_options)
    model = whole_model(cfg, args.device).requires_grad_(False)
    clips, captions = [], []
    for video in args.videos:
        packed = read_clips(cfg, video)
        found = class_attention(
            model, pseudo_collate([packed]), args.layer, args.target_class
        )
        attention = scaled(found.maps[0].numpy())
        frames = shown_frames(packed)[0]
        clips.append(overlay(frames, attention, args.strength))
        captions.append(f'{Path(video).name}: {describe(found)}')
        print(captions[-1])
    if film:
        write_film(clips, args)
    else:
        write_sheet(clips, captions, args)
    print(f'{len(clips)} clips on {args.out}')


def describe(found: ClassAttention) -> str:
    """Say what was asked about and what is predicted."""
    chances = found.probabilities
    text = f'class {found.target} ({chances[found.target]:.1%})'
    if not found.maps.any():
        text += ', nothing speaks for it'
    predicted = int(chances.argmax())
    if predicted == found.target:
        return f'{text}, as predicted'
    return f'{text}, predicted {predicted} ({chances[predicted]:.1%})'


if __name__ == '__main__':
    with one_sentence():
        main()

r"""Draw the optical flow that motion features know of a video.

    python tools/visualization/flow.py CONFIG CHECKPOINT VIDEO --out flow.png

CONFIG is of a MotionPretrainer or a MotionRecognizer, CHECKPOINT of it, with
its motion head. Columns are pairs of frames of a clip in the middle of the
video; rows: both frames, the flow of the level that has one (HCML, Fig. 3),
the later frame taken back by it, and what is left of the difference. --longest
makes sheets of several networks comparable.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
from mmengine.dataset import pseudo_collate

from vsslcodebase.engine.arguments import add_device, natural
from vsslcodebase.engine.clip_pictures import write_image
from vsslcodebase.engine.feature_model import feature_config, whole_model
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.video_segments import read_clips
from vsslcodebase.visualization.flow_sheet import flow_sheet, read_flow


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config')
    add('checkpoint')
    add('video')
    add('--out', default='work_dirs/flow.png', help='image to write')
    add(
        '--longest',
        type=float,
        help='length of full colours, in pixels of the map; default the '
        'longest vector there is',
    )
    add('--frame-interval', type=natural, help='default that of the test')
    add('--tile', type=natural, default=112, help='pixels of a frame')
    add('--columns', type=natural, default=8)
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Write the sheet."""
    args = parse_args()
    if not cv2.haveImageWriter(args.out):
        raise UsageError(f'--out is an image, as flow.png, got {args.out}')
    cfg = feature_config(args.config, args.checkpoint, args.cfg_options)
    model = whole_model(cfg, args.device)
    packed = read_clips(cfg, args.video, frame_interval=args.frame_interval)
    found = read_flow(model, pseudo_collate([packed]))
    name = Path(args.video).name
    sheet = flow_sheet(found, name, args.longest, args.tile, args.columns)
    write_image(Path(args.out), sheet)
    print(f'{len(found.flow)} pairs of frames on {args.out}')


if __name__ == '__main__':
    with one_sentence():
        main()

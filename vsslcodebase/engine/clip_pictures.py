"""Sheets and films of coloured clips, for the tools that draw attention."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from vsslcodebase.engine.arguments import add_device, natural
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.visualization.clip_sheet import clip_sheet


def add_picture_options(parser: argparse.ArgumentParser, out: str) -> None:
    """Add what is drawn, where, and how large."""
    add = parser.add_argument
    add('config')
    add('checkpoint')
    add('videos', nargs='+', metavar='VIDEO')
    add('--layer', help="module of the backbone, as 'conv4'; default the last")
    add('--out', default=out, help='.png or .mp4')
    add('--strength', type=float, default=0.7, help='of the colour, 0 to 1')
    add('--tile', type=natural, default=112, help='pixels of a frame')
    add('--columns', type=natural, default=16)
    add('--fps', type=natural, default=8, help='of the .mp4')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})


def is_film(args: argparse.Namespace) -> bool:
    """Whether --out is a film.

    Raises:
        UsageError: It is neither that nor an image, or an option does not
            go with it.
    """
    film = Path(args.out).suffix == '.mp4'
    if not film and not cv2.haveImageWriter(args.out):
        raise UsageError(f'--out is an image or an .mp4, got {args.out}')
    if not 0 <= args.strength <= 1:
        raise UsageError(f'--strength is 0 to 1, got {args.strength}')
    if film and len(args.videos) > 1:
        raise UsageError('a film shows one video; name one, or write a .png')
    return film


def write_sheet(
    clips: Sequence[NDArray[np.uint8]],
    captions: Sequence[str],
    args: argparse.Namespace,
    frame_notes: Sequence[Sequence[str]] | None = None,
) -> None:
    """Write rows of frames, see ``clip_sheet``, to --out."""
    sheet = clip_sheet(clips, captions, frame_notes, args.tile, args.columns)
    write_image(Path(args.out), sheet)


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an (H, W, 3) RGB image; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), image[..., ::-1]):  # OpenCV wants BGR
        raise UsageError(f'cannot write an image to {path}')


def write_film(
    clips: Sequence[NDArray[np.uint8]], args: argparse.Namespace
) -> None:
    """Write (T, H, W, 3) clips of one size one after the other to --out."""
    path = Path(args.out)
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = clips[0].shape[1:3]
    # yuv420p halves both sides
    size = (
        2 * max(1, round(args.tile * width / height / 2)),
        2 * -(-args.tile // 2),
    )
    with av.open(str(path), 'w') as file:
        stream = file.add_stream('libx264', rate=args.fps)
        stream.width, stream.height = size
        stream.pix_fmt = 'yuv420p'
        for image in np.concatenate(clips):
            frame = av.VideoFrame.from_ndarray(
                cv2.resize(image, size), format='rgb24'
            )
            file.mux(stream.encode(frame))
        file.mux(stream.encode())

"""Draw what the network sees: a contact sheet of training clips.

    python tools/browse_clips.py configs/corp/corp_m_r3d50_ssv2.py -n 8

Rows are clips as they enter the model, after augmentation; columns are
frames, with their number in the video. The captions give the video, when
the clip starts, and its place in time among the clips of its video, which is
what an order task asks for. ``--epoch`` shows what another epoch draws.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

import vsslcodebase.models  # noqa: F401, a sampler may live in a head's file
from vsslcodebase.engine.arguments import natural
from vsslcodebase.engine.launch import load_config, require_keys
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import (
    UsageError,
    check_files,
    check_lists,
)
from vsslcodebase.models.data_preprocessor import ClipDataPreprocessor
from vsslcodebase.registry import DATASETS
from vsslcodebase.visualization import clip_captions, clip_sheet


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument(
        '-n',
        '--num-clips',
        type=natural,
        default=8,
        help='rows, rounded up to whole videos',
    )
    parser.add_argument(
        '-o', '--out', default='work_dirs/clips.png', help='image to write'
    )
    parser.add_argument(
        '--loader',
        choices=('train', 'val', 'test'),
        default='train',
        help='whose pipeline',
    )
    parser.add_argument('--first', type=int, default=0, help='first video')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--epoch', type=int, default=0)
    parser.add_argument('--tile', type=natural, default=112, help='pixels')
    parser.add_argument('--columns', type=natural, default=16)
    parser.add_argument(
        '--cfg-options', nargs='+', action=OverrideAction, default={}
    )
    return parser.parse_args()


def main() -> None:
    """Write the sheet."""
    args = parse_args()
    path = Path(args.out)
    if not cv2.haveImageWriter(str(path)):
        raise UsageError(f'--out is an image, as clips.png, got {path}')
    cfg = load_config(args.config, args.cfg_options)
    require_keys(cfg, f'{args.loader}_dataloader', 'model')
    check_files(cfg, (args.loader,))
    check_lists(cfg, (args.loader,))
    init_default_scope(cfg.get('default_scope', 'vsslcodebase'))
    dataset = DATASETS.build(cfg[f'{args.loader}_dataloader'].dataset)
    dataset.set_seed(args.seed)
    dataset.set_epoch(args.epoch)
    clips, captions, notes = collect(dataset, args.first, args.num_clips)
    sheet = clip_sheet(clips, captions, notes, args.tile, args.columns)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), sheet[..., ::-1]):  # OpenCV wants BGR
        raise UsageError(f'cannot write an image to {path}')
    print(f'{len(clips)} clips on {path}')


def collect(
    dataset: Any, first: int, num_clips: int
) -> tuple[list[np.ndarray], list[str], list[list[str]]]:
    """Take videos from ``first`` on until there are ``num_clips`` clips.

    Returns:
        Per clip its (T, H, W, 3) uint8 frames, caption and frame numbers.
    """
    indices: list[np.ndarray] = []
    # seen just before packing, because a packed clip has lost its indices
    dataset.pipeline.transforms.insert(-1, note_indices(indices))
    clips: list[np.ndarray] = []
    captions: list[str] = []
    notes: list[list[str]] = []
    for index in range(first, len(dataset)):
        if len(clips) >= num_clips:
            break
        packed = dataset[index]
        videos = to_images(packed)
        clips += list(videos)
        numbers = indices[-1].reshape(-1, videos.shape[1])
        crops = len(videos) // len(numbers)  # ThreeCrop: clips share frames
        captions += clip_captions(packed['data_samples'], crops)
        notes += [list(map(str, n)) for n in numbers for _ in range(crops)]
    if not clips:
        raise UsageError(
            f'no clips from video {first} on: the list has {len(dataset)}; '
            'change --first or -n'
        )
    return clips, captions, notes


def to_images(packed: dict[str, Any]) -> np.ndarray:
    """Return (V, T, H, W, 3) uint8 RGB, wherever colours are made."""
    make_rgb = ClipDataPreprocessor(mean=(0, 0, 0), std=(1, 1, 1))
    batch = make_rgb(pseudo_collate([packed]))
    clips = batch['inputs'][0].round().to(torch.uint8)
    return clips.permute(0, 2, 3, 4, 1).numpy()


def note_indices(seen: list[np.ndarray]) -> Any:
    """Make a transform that only writes down ``frame_inds``."""

    def note(results: dict[str, Any]) -> dict[str, Any]:
        seen.append(results['frame_inds'])
        return results

    return note


if __name__ == '__main__':
    with one_sentence():
        main()

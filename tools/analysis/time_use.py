"""Does a network use the times of its clips?

    python tools/analysis/time_use.py CONFIG CHECKPOINT --out time_use.json

Three answers, on clips at random times of held-out videos:

contrast  the loss between clips (InfoNCE; negatives are the clips of all other
          videos) with their own start times, and with those of other clips.
          Without Latent Time Navigation (LTN) it is exactly the same.
span      the share of the features' variance within videos that lies in LTN's
          directions; chance is their number by the features' dimensions.
          Without LTN they are random, or those of --basis.
decoding  R^2 of a ridge regression of start times, judged on other videos
          than those it is fitted to.

Features are what the neck sees: the backbone's map, pooled.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mmengine.runner import Runner
from torch import Tensor

from vsslcodebase.engine.arguments import add_device, natural
from vsslcodebase.engine.embedding_model import (
    TimedClips,
    embedding_model,
    neck_maps,
    read_timed_clips,
)
from vsslcodebase.engine.feature_model import (
    SPLITS,
    feature_config,
    split_loader,
)
from vsslcodebase.engine.lost_workers import kill_workers
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.video_segments import test_dataset
from vsslcodebase.evaluation.time_use import (
    contrast_by_times,
    decode_times,
    random_shares,
    share_in_span,
)
from vsslcodebase.models.backbones.pretrained import read_state_dict

NUM_DIRECTIONS = 64  # LTN's choice, Table 4


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='of the pre-training')
    add('checkpoint', help='of the same, with its neck')
    add('--split', choices=SPLITS, default='val')
    add('--num-clips', type=natural, default=4, help='of a video')
    add('--shuffles', type=natural, default=10, help='of the start times')
    add(
        '--temperature',
        type=float,
        help="of the contrast; default the model's, else 0.1",
    )
    add('--basis', metavar='CHECKPOINT', help='directions of another network')
    add(
        '--num-directions',
        type=natural,
        help='of random bases; default as many as the directions, else '
        f'{NUM_DIRECTIONS}, or all there are',
    )
    add('--folds', type=natural, default=5, help='of videos, for decoding')
    add('--seed', type=int, default=0, help='of shuffles, bases and folds')
    add('--out', help='JSON file to write')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Read the clips, ask the three questions, print and write."""
    args = parse_args()
    cfg = feature_config(args.config, args.checkpoint, args.cfg_options)
    test_dataset(cfg)  # its pipeline samples clips, or this is an error
    loader = independent_clips(split_loader(cfg, args.split), args.num_clips)
    model = embedding_model(cfg, args.device)
    directions = own_directions(model, args.basis)
    clips = read_timed_clips(model, Runner.build_dataloader(loader))
    found = dict(
        config=args.config,
        checkpoint=args.checkpoint,
        split=args.split,
        neck=type(model.neck).__name__,
        videos=len(clips.features),
        clips=clips.features.shape[1],
        dimensions=clips.features.shape[2],
        contrast=ask_contrast(model, clips, args),
        span=ask_span(clips, directions, args),
        decoding=dict(
            r2=decode_times(
                clips.features, clips.starts, args.folds, args.seed
            ),
            folds=args.folds,
            start_std_sec=float(clips.starts.std()),
        ),
    )
    print(table(found))
    if args.out:
        path = Path(args.out)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=2) + '\n')
        print(f'wrote {path}')


def independent_clips(
    loader: dict[str, Any], num_clips: int
) -> dict[str, Any]:
    """Let a data loader's pipeline sample clips at random times."""
    sampler = loader['dataset']['pipeline'][1]
    if sampler['type'] != 'SampleIndependentClips':
        sampler = dict(
            type='SampleIndependentClips',
            clip_len=sampler['clip_len'],
            frame_interval=sampler.get('frame_interval', 1),
            target_fps=None,  # as long as the clips there were
        )
    loader['dataset']['pipeline'][1] = dict(sampler, num_clips=num_clips)
    return loader


def own_directions(model: Any, basis: str | None) -> Tensor | None:
    """Return the (D, M) directions of the network, or of another one.

    None where there are none: without LTN, or with its variant 1.
    """
    if basis is not None:
        found = read_state_dict(basis).get('neck.basis')
        if found is None:
            raise UsageError(
                f'{basis} has no directions (neck.basis); --basis is a '
                'checkpoint of TimeNavigationNeck, variant 2 or 3'
            )
        return found
    if not hasattr(model.neck, 'basis'):
        return None
    return model.neck.directions().detach().cpu()


def ask_contrast(
    model: Any, clips: TimedClips, args: argparse.Namespace
) -> dict[str, Any]:
    """Compare the loss of own times with that of others'."""
    device = next(model.parameters()).device

    def project(features: Tensor, times: Tensor | None) -> Tensor:
        maps = neck_maps(model.neck, features.to(device))
        given = {} if times is None else dict(times=times.to(device))
        return model.neck(maps, **given)[0].cpu()

    temperature = args.temperature or temperature_of(model)
    found = contrast_by_times(
        project,
        clips.features,
        clips.times,
        args.shuffles,
        temperature,
        args.seed,
    )
    return dict(
        loss=found.true,
        shuffled_mean=float(found.shuffled.mean()),
        shuffled_std=float(found.shuffled.std(unbiased=False)),
        shuffles=args.shuffles,
        temperature=temperature,
    )


def temperature_of(model: Any) -> float:
    """Return the temperature that a model was trained with, else 0.1."""
    owners = (model, getattr(model, 'head', None))
    found = [getattr(owner, 'temperature', None) for owner in owners]
    return next((t for t in found if isinstance(t, float)), 0.1)


def ask_span(
    clips: TimedClips, directions: Tensor | None, args: argparse.Namespace
) -> dict[str, Any]:
    """Compare the directions with random ones."""
    dim = clips.features.shape[-1]
    count = args.num_directions
    if count is None:
        count = NUM_DIRECTIONS if directions is None else directions.shape[1]
    count = min(count, dim)
    shares = random_shares(clips.features, count, seed=args.seed)
    own = None if directions is None else directions.shape[1]
    return dict(
        basis=args.basis or ('its own' if own else None),
        share=own and share_in_span(clips.features, directions),
        directions=own,
        chance=(own or count) / dim,
        random_directions=count,
        random_mean=float(shares.mean()),
        random_std=float(shares.std(unbiased=False)),
    )


def table(found: dict[str, Any]) -> str:
    """Return the answers as text."""
    contrast, span = found['contrast'], found['span']
    dim = found['dimensions']
    rise = contrast['shuffled_mean'] - contrast['loss']
    rows = [
        ('loss, own times', f'{contrast["loss"]:.4f}'),
        (
            f'loss, shuffled times ({contrast["shuffles"]}x)',
            f'{contrast["shuffled_mean"]:.4f} +- '
            f'{contrast["shuffled_std"]:.4f} ({rise:+.4f})',
        ),
    ]
    within = f'within-video variance in {{}} directions of {dim}'
    if span['share'] is not None:
        share = f'{span["share"]:.4f} (chance {span["chance"]:.4f})'
        rows.append((within.format(span['directions']), share))
    rows += [
        (
            within.format(f'{span["random_directions"]} random'),
            f'{span["random_mean"]:.4f} +- {span["random_std"]:.4f}',
        ),
        (
            'start time decoded, R^2 on other videos',
            f'{found["decoding"]["r2"]:.4f}',
        ),
    ]
    width = max(len(name) for name, _ in rows)
    head = (
        f'{found["neck"]}: {found["videos"]} videos x {found["clips"]} clips '
        f'({found["split"]}), temperature {contrast["temperature"]:g}'
    )
    return '\n'.join([head, *(f'{n:<{width}}  {v}' for n, v in rows)])


if __name__ == '__main__':
    try:
        with one_sentence():
            main()
    finally:
        kill_workers()

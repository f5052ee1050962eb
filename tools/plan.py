"""Fit a config to the GPUs there are: ``plan.py CONFIG --gpus N --memory G``.

    python tools/plan.py configs/moco/moco_rho4_slow50_k400.py --gpus 4 \
        --memory 24 --amp --out my_moco.py

Prints the recipe beside the plan: videos a GPU, accumulation, learning rate
(in proportion to the videos of a step, as all recipes here have it), queue,
estimated memory and hours, and where the plan departs from the recipe. Writes
a config that inherits from the given one and changes just that. Nothing runs
on a GPU: memory and hours are estimates from shapes.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope

from vsslcodebase.checkpoints.pipeline_geometry import geometry_of_pipeline
from vsslcodebase.engine.arguments import natural
from vsslcodebase.engine.launch import load_config, require_keys
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.planning import (
    DEVICES,
    BatchPlan,
    Recipe,
    TrainingMemory,
    TrainingTime,
    plan_batches,
    read_recipe,
    training_memory,
    training_time,
)
from vsslcodebase.engine.planning.config_file import write_child
from vsslcodebase.engine.planning.training_memory import GIB
from vsslcodebase.engine.planning.video_counts import count_videos
from vsslcodebase.engine.preflight import UsageError

MOST = 1e6  # of an option: more, infinity and nan are mistakes
USABLE = 0.92  # of a GPU's memory: the rest is lost between blocks


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add('config')
    add('--gpus', type=natural, required=True, help='all there are')
    add('--memory', type=float, required=True, help='GiB of each')
    add('--device', default='a100', choices=sorted(DEVICES), help='for hours')
    add('--clips-per-second', type=float, help='measured on one GPU')
    add('--amp', action='store_true', help='in 16 bits')
    add('--num-videos', type=natural, help='of the training set')
    add('--out', type=Path, help='config file to write')
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Print the plan, and write its config."""
    args = parse_args()
    for name in ('memory', 'clips_per_second'):
        value = getattr(args, name)
        if value is not None and not 0 < value < MOST:
            option = '--' + name.replace('_', '-')
            unit = 'in GiB' if name == 'memory' else 'a number above 0'
            raise UsageError(f'{option} is {unit}, got {value}')
    if args.out and args.out.suffix != '.py':
        raise UsageError(f'--out is a config, which ends with .py: {args.out}')
    if args.out and args.out.exists():
        raise UsageError(f'{args.out} is there already; name another file')
    cfg = load_config(args.config, args.cfg_options)
    require_keys(cfg, 'model', 'train_dataloader', 'optim_wrapper')
    init_default_scope(cfg.get('default_scope', 'vsslcodebase'))
    try:
        recipe = read_recipe(cfg)
    except ValueError as error:
        raise UsageError(f'{args.config}: {error}') from error
    shape = clip_shape(cfg)
    memory = training_memory(
        cfg.model.to_dict(),
        shape,
        recipe.num_clips,
        cfg.optim_wrapper.optimizer.type,
        args.amp,
        args.gpus > 1,
    )
    videos = args.num_videos or count_videos(cfg)
    plan = plan_batches(recipe, args.gpus, most_videos(memory, args), videos)
    if videos and plan.batch > videos:
        raise UsageError(
            f'{videos} training videos make no batch of {plan.batch} '
            f'({plan.num_gpus} GPUs with {plan.per_gpu} each): they need '
            'fewer GPUs, or a recipe of a smaller step'
        )
    hours = videos and training_time(
        cfg.model.to_dict(),
        shape,
        recipe.num_clips,
        plan.batch,
        args.gpus,
        videos,
        cfg.train_cfg.max_epochs,
        args.device,
        args.amp,
        args.clips_per_second,
    )
    show(cfg, recipe, plan, memory, shape)
    show_time(hours, args, cfg.train_cfg.max_epochs, videos)
    show_warnings(plan)
    if cfg.get('stages'):
        print(
            '\nHours are of one stage, as the config itself has it; there are '
            f'{len(cfg.stages)}, which tools/train_stages.py trains.'
        )
    if args.out:
        write_config(args, plan, recipe)


def clip_shape(cfg: Config) -> tuple[int, int, int, int]:
    """Return (C, T, H, W) of the training clips."""
    found = geometry_of_pipeline(cfg.train_dataloader.to_dict())
    shape = (found['num_frames'], found['height'], found['width'])
    if None in shape:
        raise UsageError(
            f'{cfg.filename}: frames and size of the training clips cannot '
            f'be told from its pipeline, which gives (T, H, W) = {shape}; '
            'the sampler needs clip_len, the last crop a size'
        )
    return (3, *shape)


def most_videos(memory: TrainingMemory, args: argparse.Namespace) -> int:
    """Return how many videos fit on a GPU, or say what would make room."""
    room = USABLE * args.memory * GIB
    most = memory.most_videos(room)
    if most < 1:
        advice = [] if args.amp else ['--amp halves the activations']
        advice += [
            'fewer clips a video or smaller clips (another recipe)',
            'model.backbone.with_cp=True, where the backbone has it, '
            'computes activations twice instead of keeping them',
        ]
        raise UsageError(
            f'not even one video fits: it takes {memory.of(1) / GIB:.1f} GiB '
            f'of {args.memory:g} ({memory.fixed / GIB:.1f} of them for the '
            f'model); {"; ".join(advice)}'
        )
    return most


def show(
    cfg: Config,
    recipe: Recipe,
    plan: BatchPlan,
    memory: TrainingMemory,
    shape: tuple[int, ...],
) -> None:
    """Print recipe and plan side by side."""
    rows: list[tuple[str, Any, Any]] = [
        ('GPUs', recipe.num_gpus, plan.num_gpus),
        ('videos a GPU', recipe.per_gpu, plan.per_gpu),
        ('clips a GPU', *(n * recipe.num_clips for n in both(recipe, plan))),
        ('batches accumulated', 1, plan.accumulation),
        ('videos a step', recipe.batch, plan.step),
        ('learning rate', f'{recipe.lr:g}', f'{plan.lr:g}'),
    ]
    if recipe.queue_size:
        rows.append(('queue', recipe.queue_size, plan.queue_size))
    if recipe.bn_groups:
        rows.append(('bn_groups', recipe.bn_groups, plan.bn_groups))
    gib = [f'{memory.of(n) / GIB:.1f} GiB' for n in both(recipe, plan)]
    rows.append(('memory a GPU, estimated', *gib))
    size = 'x'.join(map(str, shape[1:]))
    print(f'{cfg.filename}: {recipe.num_clips} clips of {size} a video\n')
    print(f'{"":26}{"recipe":>14}{"here":>14}')
    for name, before, now in rows:
        print(f'{name:26}{before!s:>14}{now!s:>14}')
    each = (memory.activations + memory.working) / GIB
    print(
        f'\nMemory: {memory.fixed / GIB:.2f} GiB for weights, gradients, '
        f'optimizer and CUDA, and {each:.2f} GiB a video.'
    )


def both(recipe: Recipe, plan: BatchPlan) -> tuple[int, int]:
    """Return the videos a GPU of the two."""
    return recipe.per_gpu, plan.per_gpu


def show_time(
    time: TrainingTime | None,
    args: argparse.Namespace,
    epochs: int,
    videos: int | None,
) -> None:
    """Print steps and hours, or what is missing to know them."""
    if time is None:
        print(
            'Hours: unknown, as the list of training videos is not here; '
            '--num-videos N tells how many there are.'
        )
        return
    least, most = (seconds / 3600 for seconds in time.seconds)
    slow, fast = time.videos_per_second
    basis = (
        f'{args.clips_per_second:g} clips a second and GPU, as given'
        if args.clips_per_second
        else f'{args.device}, 15 to 40 % of its peak assumed'
    )
    print(
        f'Hours: {least:.1f} to {most:.1f} for {epochs} epochs of {videos:,} '
        f'videos, {time.steps:,} batches ({basis}; '
        f'{time.multiply_adds / 1e9:.1f} G multiply-adds a clip).\n'
        f'Data: {slow:.0f} to {fast:.0f} videos a second must be read for '
        'that; benchmarks/data_path.py tells what a core reads.'
    )


def show_warnings(plan: BatchPlan) -> None:
    """Print where the plan departs from the recipe."""
    if not plan.warnings:
        print('\nThe step is that of the recipe.')
        return
    print('\nDeparts from the recipe:')
    for line in plan.warnings:
        print(f'- {line}')


def write_config(
    args: argparse.Namespace, plan: BatchPlan, recipe: Recipe
) -> None:
    """Write a config that inherits and changes what the plan changes."""
    base = load_config(args.config)
    changed = load_config(
        args.config, {**args.cfg_options, **options(plan, recipe)}
    )
    plural = 's' if plan.num_gpus > 1 else ''
    paragraphs = [
        f'{Path(args.config).stem} for {plan.num_gpus} GPU{plural} of '
        f'{args.memory:g} GiB.',
        f'Made by: python tools/plan.py {" ".join(sys.argv[1:])}',
        *(f'Departs from its recipe: {line}.' for line in plan.warnings),
    ]
    lines = [
        textwrap.fill(text, 79, subsequent_indent='    ')
        for text in paragraphs
    ]
    lines.insert(1, '')
    write_child(args.out, base, changed, '\n'.join(lines) + '\n')
    load_config(str(args.out))
    amp = ' --amp' * args.amp
    print(f'\ntools/dist_train.sh {args.out} {plan.num_gpus}{amp}')


def options(plan: BatchPlan, recipe: Recipe) -> dict[str, Any]:
    """Return the dotted keys that the plan sets."""
    found: dict[str, Any] = {
        'train_dataloader.batch_size': plan.per_gpu,
        'optim_wrapper.optimizer.lr': plan.lr,
        'auto_scale_lr.base_batch_size': plan.step,
    }
    if plan.accumulation > 1:
        found['optim_wrapper.accumulative_counts'] = plan.accumulation
    for name in ('queue_size', 'bn_groups'):
        value = getattr(plan, name)
        if value is not None and value != getattr(recipe, name):
            found[f'model.{name}'] = value
    return found


if __name__ == '__main__':
    with one_sentence():
        main()
